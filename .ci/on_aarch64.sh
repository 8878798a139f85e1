#!/usr/bin/env bash
# on_aarch64.sh test [unit [OPTION of ctest...]]: the layers without MPI, whose words in shared memory depend on the
# processor's memory order, compiled for AArch64, and their unit tests under qemu's user mode. In build-aarch64.
# An emulator on x86-64 shows what a compiler makes of the orders in the source, and that the protocols run; it
# reorders no more than its host does, so a missing order may pass.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

if [ "${1:-}" != test ] || [ "${2:-unit}" != unit ]; then
    echo "run: on aarch64 there are unit tests only: ./run on aarch64 test unit, with options of ctest behind it" >&2
    exit 2
fi
shift $(($# < 2 ? $# : 2))
for program in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
    command -v $program >/dev/null || {
        echo "skipped: needs $program (packages g++-aarch64-linux-gnu, qemu-user, cmake, ninja-build)" >&2
        exit 77
    }
done
if [ ! -e build-aarch64/build.ninja ]; then
    cmake -S . -B build-aarch64 -G Ninja --toolchain cmake/aarch64.cmake -DCMAKE_BUILD_TYPE=Release \
        -DNODESPAN_BELOW_MPI=ON -DNODESPAN_GOOGLETEST_SOURCES=/usr/src/googletest
fi
cmake --build build-aarch64
exec ctest --test-dir build-aarch64 --output-on-failure --no-tests=error -j "$(nproc)" "$@"
