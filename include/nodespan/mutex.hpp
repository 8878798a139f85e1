#pragma once

#include <atomic>
#include <cstdint>

namespace nodespan {

namespace detail {
/// The state of a mutex: 16 zeroed bytes in memory that the ranks of a node share.
struct mutex_words {
    std::atomic<std::uint32_t> next;     // ticket of the next to come
    std::atomic<std::uint32_t> read;     // ticket that may read now
    std::atomic<std::uint32_t> write;    // ticket that may write now
    std::atomic<std::uint32_t> sleepers; // ranks asleep on read or write
};
} // namespace detail

/// A fair reader/writer lock between ranks of one node; first come, first served.
///
/// Meets the standard's SharedMutex requirements: use it with `std::scoped_lock`,
/// `std::unique_lock` and `std::shared_lock`. A handle: all handles of one lock are equal. Like
/// `std::shared_mutex` it is not recursive. Waits by spinning, then yielding, then sleeping.
/// Call:   any rank of the node alone; no MPI call is made.
/// Epoch:  what was written under the lock is visible to the next one who holds it.
/// Cost:   two atomic operations when nobody else wants it.
/// Source: ticket locks, Mellor-Crummey and Scott 1991, with a second counter for readers.
class mutex {
public:
    /// Locks nothing; only to be assigned to.
    mutex() = default;
    mutex(detail::mutex_words* words, bool crowded) : words_(words), crowded_(crowded) {}

    void lock() noexcept;
    bool try_lock() noexcept;
    void unlock() noexcept;

    void lock_shared() noexcept;
    bool try_lock_shared() noexcept;
    void unlock_shared() noexcept;

private:
    void wait_for(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) noexcept;

    detail::mutex_words* words_ = nullptr;
    bool crowded_ = false; // more ranks than cores: do not spin
};

} // namespace nodespan
