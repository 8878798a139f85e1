#include "nodespan/mutex.hpp"

#include "wait.hpp"

namespace nodespan {

namespace {

// Counters only ever go up by one, whoever does it: a reader may come and go between the two steps
// of a writer's unlock.
void advance(std::atomic<std::uint32_t>& serving, detail::mutex_words& words) noexcept {
    serving.fetch_add(1, std::memory_order_seq_cst); // before the look at sleepers, as in wait_on
    if (words.sleepers.load(std::memory_order_seq_cst) != 0) detail::futex_wake_all(serving);
}

} // namespace

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
    advance(words_->read, *words_);
    advance(words_->write, *words_);
}

void mutex::lock_shared() noexcept {
    wait_for(words_->read, words_->next.fetch_add(1, std::memory_order_relaxed));
    advance(words_->read, *words_); // the next reader may come in too
}

bool mutex::try_lock_shared() noexcept {
    std::uint32_t ticket = words_->read.load(std::memory_order_acquire);
    if (!words_->next.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed))
        return false;
    advance(words_->read, *words_);
    return true;
}

void mutex::unlock_shared() noexcept {
    advance(words_->write, *words_);
}

} // namespace nodespan
