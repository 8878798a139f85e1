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

} // namespace nodespan
