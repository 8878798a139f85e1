#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/detail/lock_gate.hpp"

#include <atomic>
#include <cstdint>

namespace NODESPAN_EXPORT nodespan {

namespace detail {
struct access;
struct lock_waiter;
} // namespace detail

/// A fair reader/writer lock of a node; first come, first served.
///
/// It meets the standard's SharedMutex requirements: use it with `std::scoped_lock`,
/// `std::unique_lock` and `std::shared_lock`. It is a handle: all handles of one lock are equal.
/// Like `std::shared_mutex` it is not recursive. It waits by spinning, then yielding, then
/// sleeping.
/// Call:   any rank of the team alone; in teams of several nodes threads follow the rules of team,
///         and the rank that has locked unlocks. Readers of the lock's own node share it; readers
///         of other nodes hold it alone. Its own node and the others take turns, so that nobody
///         starves: while a rank of another node waits, no reader joins the readers of the own node
///         that are inside.
/// Epoch:  what was written or sent under the lock is visible to its next holder.
/// Errors: errc::finalized; in teams of several nodes errc::wrong_thread, before anything is done,
///         and MPI category. After such an error of lock or unlock the lock is not held. In a fork
///         of a rank errc::wrong_thread; unlock does nothing there.
/// Cost:   own node: two atomic operations when it is free, no MPI call. Elsewhere: three round
///         trips to lock and two to unlock, for which the target's leader has to make progress.
/// Source: ticket locks, Mellor-Crummey and Scott 1991, with a second counter for readers; between
///         nodes MPI 3.1 section 11.3.4 (MPI_Fetch_and_op).
class mutex {
public:
    /// Locks nothing; only to be assigned to.
    mutex() = default;

    /// The lock of this node. `gate` is given only if there are other nodes. `me` is for messages
    /// and must live as long as this handle.
    mutex(detail::mutex_words* words, bool oversubscribed, detail::lock_gate* gate = nullptr,
          const detail::lock_waiter* me = nullptr)
        : words_(words),
          gate_(gate),
          me_(me),
          oversubscribed_(oversubscribed) {}

    /// The lock of another node.
    explicit mutex(detail::lock_gate* gate) : gate_(gate) {}

    void lock();
    bool try_lock();
    void unlock();

    void lock_shared();
    bool try_lock_shared();
    void unlock_shared();

private:
    friend struct detail::access;
    bool is_elsewhere() const noexcept { return words_ == nullptr; }
    bool try_take();
    bool try_take_shared();
    void wait_for(std::atomic<std::uint32_t>& serving, std::uint32_t ticket);
    void pass_on(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) noexcept;
    void note_holder() noexcept;
    void unlock_words() noexcept;
    void unlock_shared_words() noexcept;

    detail::mutex_words* words_ = nullptr;
    detail::lock_gate* gate_ = nullptr;
    const detail::lock_waiter* me_ = nullptr;
    detail::lock_usage* usage_ = nullptr;
    bool oversubscribed_ = false; // more ranks than cores: do not spin
};

} // namespace nodespan
