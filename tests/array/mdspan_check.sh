#!/bin/sh
# mdspan_check.sh SOURCE FOLDER INCLUDE...: compiles SOURCE as C++23 with the first compiler here whose
# library has <mdspan>, without warnings, and runs it. Exit code 77 where there is none.
set -eu
source=$1 folder=$2
shift 2
for folder_of_headers in "$@"; do set -- "$@" "-I$folder_of_headers"; shift; done
has_mdspan() {
    printf '#include <mdspan>\n#ifndef __cpp_lib_mdspan\n#error\n#endif\n' | "$@" -std=c++23 -fsyntax-only -x c++ - 2>/dev/null
}
try() {
    command -v "$1" >/dev/null && has_mdspan "$@" || return 0
    echo "with $*"
    "$@" -std=c++23 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror $includes "$source" -o "$folder/mdspan"
    exec "$folder/mdspan"
}
includes=$*
for version in "" -22 -21 -20 -19 -18; do try "clang++$version" -stdlib=libc++; done
for version in "" -17 -16 -15; do try "g++$version"; done
echo "skipped: no compiler here has <mdspan> (Debian 13: clang-19 and libc++-19-dev)"
exit 77
