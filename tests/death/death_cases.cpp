// Programs that end in unusual ways; the first argument names the case.

#include "ended_cases.hpp"
#include "mixed_cases.hpp"
#include "run_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace nodespan;

int world_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

void say(int rank, const char* what) {
    std::printf("rank %d: %s\n", rank, what);
    std::fflush(stdout);
}

// One rank throws; the others wait for it in a fence.
int throws_alone(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    array<int, 1> numbers(everyone, {100});
    if (everyone.rank() == 1) throw std::runtime_error("rank 1 has had enough");
    numbers.fence();
    // Told that rank 1 will not come, the others throw as well, or are ended by mpirun before.
    return 0;
}

// As above, but main catches everything, so the stack is unwound past the environment.
int throws_alone_caught_in_main(int argc, char** argv) {
    try {
        environment mpi(argc, argv);
        team everyone{MPI_COMM_WORLD};
        array<int, 1> numbers(everyone, {100});
        if (everyone.rank() == 1) numbers(100) = 1;
        for (;;) MPI_Barrier(MPI_COMM_WORLD); // nothing of ours could end this
    } catch (const std::exception&) {
        return 0; // not reached: the environment ends the job
    }
}

// The others are told for whom they wait; then it comes after all.
int comes_late(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    array<int, 1> numbers(everyone, {100});
    if (everyone.rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    numbers.fence();
    say(everyone.rank(), "has passed");
    return 0;
}

int keeps_a_lock(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    array<int, 1> numbers(everyone, {100});
    if (everyone.rank() == 0) numbers.mutex(0).lock();
    numbers.fence();
    if (everyone.rank() == 0) {
        for (int i = 0; i < 15; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            everyone.progress();
        }
        numbers.mutex(0).unlock();
    } else {
        const std::scoped_lock lock(numbers.mutex(0));
        say(everyone.rank(), "has the lock");
    }
    numbers.fence();
    return 0;
}

int waits_for_a_command(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    queue<int> commands(everyone, 10);
    if (everyone.rank() == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        commands.put(1);
    } else {
        say(everyone.rank(), commands.get() ? "has a command" : "has none");
    }
    everyone.fence();
    return 0;
}

int is_killed(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    array<int, 1> numbers(everyone, {1000000});
    if (everyone.rank() == 1) std::raise(SIGKILL);
    numbers.fence();
    return 0;
}

// A host code that catches: the others learn of it in their fence, destructors return, and the
// program ends as it likes.
int leaves_and_goes_on(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    const int rank = world_rank();
    try {
        team everyone{MPI_COMM_WORLD};
        array<int, 1> numbers(everyone, {100});
        if (rank == 1) throw std::runtime_error("my own business");
        numbers.fence();
        say(rank, "passed a fence that rank 1 never came to");
    } catch (const std::exception& reason) {
        say(rank, reason.what());
    }
    MPI_Finalize();
    return 0;
}

int outlives_mpi(int argc, char** argv) {
    std::unique_ptr<team> everyone;
    std::unique_ptr<array<int, 1>> numbers;
    int rank = 0;
    {
        environment mpi(argc, argv);
        rank = world_rank();
        everyone = std::make_unique<team>(MPI_COMM_WORLD);
        numbers = std::make_unique<array<int, 1>>(*everyone, indices<1>{100});
    }
    try {
        array<int, 1> late(*everyone, {100});
    } catch (const error& reason) {
        if (reason.code() == errc::finalized) say(rank, reason.what());
    }
    return 0; // and here both are destroyed
}

int comes_before_mpi(int, char**) {
    try {
        team everyone{MPI_COMM_WORLD};
    } catch (const error& reason) {
        if (reason.code() == errc::not_initialized) std::puts(reason.what());
    }
    return 0;
}

int comes_after_mpi(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    const int rank = world_rank();
    MPI_Finalize();
    try {
        environment mpi(argc, argv);
    } catch (const error& reason) {
        say(rank, reason.what());
    }
    return 0;
}

// MPI belongs to somebody else: it is still there when the environment ends.
int is_a_guest(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    {
        environment mpi(argc, argv);
        team everyone{MPI_COMM_WORLD};
        array<int, 1> numbers(everyone, {100});
        numbers.fence();
        if (mpi.owns_mpi()) return 1;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    say(world_rank(), "the host finalises");
    MPI_Finalize();
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const std::map<std::string, std::function<int(int, char**)>> cases{
        {"throws_alone", throws_alone},
        {"throws_alone_over_nodes", throws_alone},
        {"throws_alone_caught_in_main", throws_alone_caught_in_main},
        {"comes_late", comes_late},
        {"keeps_a_lock", keeps_a_lock},
        {"waits_for_a_command", waits_for_a_command},
        {"is_killed", is_killed},
        {"leaves_and_goes_on", leaves_and_goes_on},
        {"outlives_mpi", outlives_mpi},
        {"comes_before_mpi", comes_before_mpi},
        {"comes_after_mpi", comes_after_mpi},
        {"is_a_guest", is_a_guest},
        {"calls_after_environment", calls_after_environment},
        {"calls_after_finalize", calls_after_finalize},
        {"forks_and_leaves", forks_and_leaves},
        {"ends_on_another_thread", ends_on_another_thread},
        {"is_in_another_call", is_in_another_call},
        {"run_throws_alone", run_throws_alone},
        {"run_throws_alone_beside_mpi", run_throws_alone_beside_mpi},
        {"run_throws_together", run_throws_together},
        {"run_throws_everywhere", run_throws_everywhere},
        {"run_returns", run_returns},
        {"run_returns_nothing", run_returns_nothing},
        {"run_returns_on_others", run_returns_on_others}};
    const auto found = cases.find(argc > 1 ? argv[1] : "");
    return found == cases.end() ? 2 : found->second(argc, argv);
}
