#pragma once

#include "nodespan/detail/export.hpp"

#include <atomic>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Whether this process may call, as far as one load tells: not after MPI_Finalize, when the memory
/// of teams is gone, and not in a fork of a rank, which would come to meetings in its parent's
/// place.
enum class process_state : int {
    good,
    ending, // MPI_Finalize has begun
    forked
};
extern std::atomic<process_state> state_of_process; // stays, once it is not good

/// Whether it may, looked at closely; and what throws errc::finalized, or errc::wrong_thread in a
/// fork, if it may not.
bool may_process_call() noexcept;
void require_process(const char* operation);

/// The same by the load alone: where it says no, the long way of a call looks closely.
inline bool is_surely_live_process() noexcept {
    return state_of_process.load(std::memory_order_relaxed) == process_state::good;
}

/// What checked calls begin with.
/// Cost:   a load and a branch.
inline void require_live_process(const char* operation) {
    if (!is_surely_live_process()) [[unlikely]]
        require_process(operation);
}

/// The same for calls that cannot throw: they do nothing then.
inline bool is_live_process() noexcept {
    return is_surely_live_process() || may_process_call();
}

/// Whether this process is a fork of a rank: for ends of objects, which are the parent's affair.
inline bool is_forked() noexcept {
    return state_of_process.load(std::memory_order_relaxed) == process_state::forked;
}

} // namespace detail
} // namespace nodespan
