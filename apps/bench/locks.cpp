#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <mutex>
#include <new>
#include <pthread.h>
#include <shared_mutex>
#include <string>

namespace nodespan::bench {
namespace {

// What two processes would share without us, in memory of ours.
class posix_mutex {
public:
    posix_mutex(team& team, array<std::byte, 1>& memory)
        : mutex_(reinterpret_cast<pthread_mutex_t*>(memory.block(0).data_handle())) {
        if (team.rank() == 0) {
            pthread_mutexattr_t shared;
            pthread_mutexattr_init(&shared);
            pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
            pthread_mutex_init(mutex_, &shared);
            pthread_mutexattr_destroy(&shared);
        }
        team.fence();
    }

    void lock() { pthread_mutex_lock(mutex_); }
    void unlock() { pthread_mutex_unlock(mutex_); }

private:
    pthread_mutex_t* mutex_;
};

} // namespace

std::vector<measurement> measure_locks(team& team, int batches) {
    if (!require_node_peers(team, "locks")) return {};
    lines result(team, batches);
    array<double, 1> field(team, {8 * team.size()});
    array<std::byte, 1> memory(team, {64 * team.size()});
    posix_mutex posix(team, memory);
    const mpi_shared_window window(team, 64);
    double* const guarded = field.block(team.size() - 1).data_handle();

    const auto ours = [&] {
        const std::scoped_lock lock(field.mutex(0));
        *guarded += 1;
    };
    const auto shared = [&] {
        const std::shared_lock lock(field.mutex(0));
        keep(*guarded);
    };
    const auto by_posix = [&] {
        const std::scoped_lock lock(posix);
        *guarded += 1;
    };
    const auto by_mpi = [&](int kind) {
        return [&, kind] {
            MPI_Win_lock(kind, team.size() - 1, 0, window.get());
            if (kind == MPI_LOCK_EXCLUSIVE) *guarded += 1;
            MPI_Win_unlock(team.size() - 1, window.get());
        };
    };
    const std::string all = std::to_string(team.size()) + " ranks at once";
    const auto add = [&](const char* name, const char* reference, const auto& mine,
                         const auto& theirs) {
        result.add(name, "alone", reference, on_rank_0(team, mine), on_rank_0_by_mpi(team, theirs));
        result.add(name, all, reference, on_all(team, mine), on_all(team, theirs));
    };
    add("mutex, lock and unlock", "MPI_Win_lock, unlock", ours, by_mpi(MPI_LOCK_EXCLUSIVE));
    add("mutex, lock and unlock", "pthread_mutex, shared", ours, by_posix);
    add("mutex, lock_shared", "MPI_Win_lock, shared", shared, by_mpi(MPI_LOCK_SHARED));
    return result.take();
}

} // namespace nodespan::bench
