#pragma once

#include <atomic>
#include <cstdint>

namespace nodespan::detail::race {

/// Who waits for it spins, and then gives its core away.
class spin_lock {
public:
    void lock() noexcept;
    bool try_lock() noexcept { return word_.exchange(1, std::memory_order_acquire) == 0; }
    void unlock() noexcept { word_.store(0, std::memory_order_release); }

private:
    std::atomic<std::uint32_t> word_;
};

} // namespace nodespan::detail::race
