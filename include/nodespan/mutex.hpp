#pragma once

#include "nodespan/detail/export.hpp"

#include <atomic>
#include <cstdint>

namespace NODESPAN_EXPORT nodespan {

namespace detail {

/// The state of a mutex: 20 zeroed bytes in memory that the ranks of a node share.
struct mutex_words {
    std::atomic<std::uint32_t> next;     // ticket of the next to come
    std::atomic<std::uint32_t> read;     // ticket that may read now
    std::atomic<std::uint32_t> write;    // ticket that may write now
    std::atomic<std::uint32_t> sleepers; // ranks asleep on read or write
    std::atomic<std::uint32_t> holder; // 1 + the rank that may write, if it is known; for messages
};

struct lock_waiter;

/// How often a rank took locks, and how long it took; where a report of it is wanted.
struct lock_usage {
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> waited_ns{0};
};

/// What stands between the ranks of a lock's own node and those of other nodes.
class lock_gate {
public:
    virtual ~lock_gate() = default;

    /// Around each call of a lock that has a gate. The first throws errc::wrong_thread, before
    /// anything is done, and returns whether the other has to follow.
    virtual bool begin_call() = 0;
    virtual void end_call() noexcept = 0;

    /// Own node: the holder of the ticket lock keeps other nodes out, and lets them in again. What
    /// throws leaves them as they were; open lets them in all the same.
    virtual void close() = 0;
    virtual bool try_close() = 0;
    virtual void open() = 0;

    /// The same for readers, of whom the first closes and the last opens.
    virtual void close_shared() = 0;
    virtual bool try_close_shared() = 0;
    virtual void open_shared() = 0;

    /// Other nodes: the whole lock. A lock that throws is not held, an unlock that throws neither.
    virtual void lock() = 0;
    virtual bool try_lock() = 0;
    virtual void unlock() = 0;

    /// Called while a rank waits.
    virtual void progress() = 0;
};

} // namespace detail

/// A fair reader/writer lock of a node; first come, first served.
///
/// Meets the standard's SharedMutex requirements: use it with `std::scoped_lock`,
/// `std::unique_lock` and `std::shared_lock`. A handle: all handles of one lock are equal. Like
/// `std::shared_mutex` it is not recursive. Waits by spinning, then yielding, then sleeping.
/// Call:   any rank of the team alone; in teams of several nodes as team has it for threads, and
///         unlock by the rank that has locked. Readers of its own node share it; readers of other
///         nodes hold it alone. Its own node and the others take turns, so that nobody starves:
///         while one of the others waits, no reader joins those of its own node that are inside.
/// Epoch:  what was written or sent under the lock is visible to the next one who holds it.
/// Errors: errc::finalized; in teams of several nodes errc::wrong_thread, before anything is done,
///         and MPI category: then it is not held, after unlock neither. In a fork of a rank
///         errc::wrong_thread; unlock does nothing there.
/// Cost:   own node: two atomic operations when it is free, no MPI call. Elsewhere: three
///         round trips to lock and two to unlock, for which the target's leader has to make
///         progress.
/// Source: ticket locks, Mellor-Crummey and Scott 1991, with a second counter for readers; between
///         nodes MPI 3.1 section 11.3.4 (MPI_Fetch_and_op).
class mutex {
public:
    /// Locks nothing; only to be assigned to.
    mutex() = default;

    /// The lock of this node. `gate` only where there are other nodes; `me` for messages, lives as
    /// long as this handle.
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

    /// Counts in `usage` what this handle and its copies lock; for nodespan's own layers.
    void count_in(detail::lock_usage* usage) noexcept { usage_ = usage; }

private:
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
