#include "run_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace nodespan;

// Waits in MPI itself for ranks that will not come, where nothing of ours can end it.
void wait_in_mpi() {
    for (;;) MPI_Barrier(MPI_COMM_WORLD);
}

} // namespace

int run_throws_alone(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        array<int, 1> numbers(everyone, {100});
        if (everyone.rank() == 1) throw std::runtime_error("rank 1 has had enough");
        numbers.fence(); // is told that rank 1 will not come
    });
}

int run_throws_alone_beside_mpi(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        if (everyone.rank() == 1) throw std::runtime_error("rank 1 has had enough");
        wait_in_mpi();
    });
}

int run_throws_together(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        array<double, 2> field(everyone, {10, 10});
        if (min(array<double, 1>(everyone, {0})) < 0) fill(field, 1);
    });
}

int run_throws_everywhere(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        throw std::runtime_error(everyone.rank() == 1 ? "no such table" : "no such file");
    });
}

int run_returns(int argc, char** argv) {
    const int code = run(argc, argv, [](team& everyone) { return everyone.rank() < 0 ? 1 : 0; });
    if (code == 0) std::puts("has returned 0");
    return code;
}

int run_returns_nothing(int argc, char** argv) {
    const int code = run(argc, argv, [](team& everyone) { everyone.fence(); });
    if (code == 0) std::puts("has returned 0");
    return code;
}

int run_returns_on_others(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        if (everyone.rank() == 1) {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            throw std::runtime_error("rank 1 has had enough");
        }
        return 0;
    });
}
