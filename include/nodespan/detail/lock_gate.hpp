#pragma once

#include "nodespan/detail/export.hpp"

#include <atomic>
#include <cstdint>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// The words of a mutex: 20 zeroed bytes in memory that the ranks of a node share. mutex.cpp
/// explains them.
struct mutex_words {
    std::atomic<std::uint32_t> next;     // the next ticket to be drawn
    std::atomic<std::uint32_t> read;     // ticket that may read now
    std::atomic<std::uint32_t> write;    // ticket that may write now
    std::atomic<std::uint32_t> sleepers; // ranks asleep on read or write
    std::atomic<std::uint32_t> holder;   // 1 + the rank of the writer, if known; for messages
};

/// How often a rank took locks, and how long that took; if a report is wanted.
struct lock_usage {
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> waited_ns{0};
};

/// Decides between the ranks of a lock's own node and those of other nodes.
class lock_gate {
public:
    virtual ~lock_gate() = default;

    /// Called at the begin and the end of each call of a lock that has a gate. begin_call throws
    /// errc::wrong_thread, before anything is done, and returns whether end_call must follow.
    virtual bool begin_call() = 0;
    virtual void end_call() noexcept = 0;

    /// For the own node: the holder of the ticket lock keeps other nodes out, and lets them in
    /// again. If close throws, nothing has changed; open lets others in even if it throws.
    virtual void close() = 0;
    virtual bool try_close() = 0;
    virtual void open() = 0;

    /// The same for readers: the first one closes, the last one opens.
    virtual void close_shared() = 0;
    virtual bool try_close_shared() = 0;
    virtual void open_shared() = 0;

    /// For other nodes: the whole lock. If lock or unlock throws, the lock is not held.
    virtual void lock() = 0;
    virtual bool try_lock() = 0;
    virtual void unlock() = 0;

    /// Called while a rank waits.
    virtual void progress() = 0;
};

} // namespace detail

} // namespace nodespan
