#include "nodespan/mutex.hpp"

#include "wait.hpp"

namespace nodespan {

using detail::store_and_wake;

void mutex::wait_for(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) noexcept {
    detail::wait_on(
        serving, words_->sleepers, crowded_ ? detail::patience::crowded() : detail::patience{},
        [ticket](std::uint32_t now) { return now == ticket; }, [] {});
}

void mutex::lock() noexcept {
    wait_for(words_->write, words_->next.fetch_add(1, std::memory_order_relaxed));
}

// `write` never passes `next`: if next still is what write was, every ticket has been given back.
bool mutex::try_lock() noexcept {
    std::uint32_t ticket = words_->write.load(std::memory_order_acquire);
    return words_->next.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire,
                                                std::memory_order_relaxed);
}

void mutex::unlock() noexcept {
    const std::uint32_t next = words_->write.load(std::memory_order_relaxed) + 1;
    store_and_wake(words_->read, next, words_->sleepers);
    store_and_wake(words_->write, next, words_->sleepers);
}

void mutex::lock_shared() noexcept {
    const std::uint32_t ticket = words_->next.fetch_add(1, std::memory_order_relaxed);
    wait_for(words_->read, ticket);
    store_and_wake(words_->read, ticket + 1, words_->sleepers); // the next reader may come in too
}

bool mutex::try_lock_shared() noexcept {
    std::uint32_t ticket = words_->read.load(std::memory_order_acquire);
    if (!words_->next.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed))
        return false;
    store_and_wake(words_->read, ticket + 1, words_->sleepers);
    return true;
}

void mutex::unlock_shared() noexcept {
    words_->write.fetch_add(1, std::memory_order_seq_cst);
    if (words_->sleepers.load(std::memory_order_seq_cst) != 0)
        detail::futex_wake_all(words_->write);
}

} // namespace nodespan
