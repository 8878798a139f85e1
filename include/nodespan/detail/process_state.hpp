#pragma once

#include "nodespan/detail/export.hpp"

#include <atomic>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Whether this process may call, as far as one load can tell. It may not after MPI_Finalize, when
/// the memory of teams is gone, nor in a fork of a rank, which would take its parent's place in
/// meetings.
enum class process_state : int {
    good,
    ending, // MPI_Finalize has begun
    forked
};
extern std::atomic<process_state> state_of_process; // does not change once it is not good

/// Whether the process may call, tested in full; and the same as an error: errc::finalized, or
/// errc::wrong_thread in a fork.
bool may_process_call() noexcept;
void require_process(const char* operation);

/// The same by the load only. If the load says no, the slow path of a call tests in full.
inline bool is_surely_live_process() noexcept {
    return state_of_process.load(std::memory_order_relaxed) == process_state::good;
}

/// The test at the begin of checked calls.
/// Cost:   a load and a branch.
inline void require_live_process(const char* operation) {
    if (!is_surely_live_process()) [[unlikely]]
        require_process(operation);
}

/// The same for calls that cannot throw: they do nothing if it is false.
inline bool is_live_process() noexcept {
    return is_surely_live_process() || may_process_call();
}

/// Whether this process is a fork of a rank; for destructors, since the objects belong to the
/// parent.
inline bool is_forked() noexcept {
    return state_of_process.load(std::memory_order_relaxed) == process_state::forked;
}

} // namespace detail
} // namespace nodespan
