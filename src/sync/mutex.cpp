#include "nodespan/mutex.hpp"

#include "nodespan/detail/process_state.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <chrono>

namespace nodespan {

namespace {

// Counters only ever go up by one, whoever does it: a reader may come and go between the two steps
// of a writer's unlock.
void advance(std::atomic<std::uint32_t>& serving, detail::mutex_words& words) noexcept {
    serving.fetch_add(1, std::memory_order_seq_cst); // before the look at sleepers, as in wait_on
    if (words.sleepers.load(std::memory_order_seq_cst) != 0) detail::futex_wake_all(serving);
}

// Counts a lock that is taken, and how long that takes, where a report of it is wanted.
class counted {
public:
    explicit counted(detail::lock_usage* usage) : usage_(usage) {
        if (usage_ != nullptr) start_ = clock::now();
    }
    ~counted() {
        if (usage_ != nullptr) add();
    }
    counted(const counted&) = delete;            // for one scope
    counted& operator=(const counted&) = delete; // for one scope

    // What try_lock returns: without success there is nothing to count.
    bool if_taken(bool is_taken) {
        if (!is_taken) usage_ = nullptr;
        return is_taken;
    }

private:
    using clock = std::chrono::steady_clock;

    void add() noexcept {
        const std::chrono::nanoseconds time = clock::now() - start_;
        usage_->taken.fetch_add(1, std::memory_order_relaxed);
        usage_->waited_ns.fetch_add(static_cast<std::uint64_t>(time.count()),
                                    std::memory_order_relaxed);
    }

    detail::lock_usage* usage_;
    clock::time_point start_;
};

// One call: who may not make it learns so before anything is done.
class call {
public:
    explicit call(detail::lock_gate* gate) {
        if (gate == nullptr)
            detail::require_live_process("mutex");
        else if (gate->begin_call())
            gate_ = gate;
    }
    ~call() {
        if (gate_ != nullptr) gate_->end_call();
    }
    call(const call&) = delete;            // for one scope
    call& operator=(const call&) = delete; // for one scope

private:
    detail::lock_gate* gate_ = nullptr; // where there is something to undo
};

// The next step of a lock, which may fail: then what the steps before it took is given back.
template <class Step, class GiveBack>
auto or_give_back(Step&& step, GiveBack&& give_back) {
    try {
        return step();
    } catch (...) {
        give_back();
        throw;
    }
}

} // namespace

// Who holds it is told by its own word, for those who wait too long: readers leave it at 0.
void mutex::note_holder() noexcept {
    if (me_ != nullptr)
        words_->holder.store(static_cast<std::uint32_t>(me_->rank) + 1, std::memory_order_relaxed);
}

void mutex::wait_for(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) {
    detail::patience how =
        oversubscribed_ ? detail::patience::oversubscribed() : detail::patience{};
    if (gate_ != nullptr) how.sleep_ns = 100'000; // other nodes may be waiting for our progress
    detail::watchdog watch;
    or_give_back(
        [&] {
            detail::wait_on(
                serving, words_->sleepers, how,
                [ticket](std::uint32_t now) { return now == ticket; },
                [&] {
                    if (gate_ != nullptr) gate_->progress();
                    if (me_ == nullptr || !watch.is_overdue()) return;
                    const std::uint32_t holder = words_->holder.load(std::memory_order_relaxed);
                    me_->complain(watch, holder == 0
                                             ? "its readers"
                                             : fmt::format("rank {}, which holds it", holder - 1));
                });
        },
        [&] { pass_on(serving, ticket); });
}

// A wait that failed leaves nobody waiting for its ticket. The last in line takes it back; who has
// others behind waits for its turn after all, without a word, and hands it to them.
void mutex::pass_on(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) noexcept {
    std::uint32_t after_mine = ticket + 1;
    if (words_->next.compare_exchange_strong(after_mine, ticket)) return;
    detail::patience how = detail::patience::oversubscribed();
    how.sleep_ns = 100'000;
    detail::wait_on(
        serving, words_->sleepers, how, [ticket](std::uint32_t now) { return now == ticket; },
        [&] {
            try {
                if (gate_ != nullptr) gate_->progress();
            } catch (...) {
                // There is an error on its way already.
            }
        });
    advance(words_->read, *words_);
    advance(words_->write, *words_);
}

void mutex::lock() {
    const call mine(gate_);
    const counted in_report(usage_);
    if (is_elsewhere()) return gate_->lock();
    wait_for(words_->write, words_->next.fetch_add(1, std::memory_order_relaxed));
    note_holder();
    if (gate_ != nullptr) or_give_back([&] { gate_->close(); }, [&] { unlock_words(); });
}

// `write` never passes `next`: if next still is what write was, every ticket has been given back.
bool mutex::try_lock() {
    const call mine(gate_);
    return counted(usage_).if_taken(try_take());
}

bool mutex::try_take() {
    if (is_elsewhere()) return gate_->try_lock();
    std::uint32_t ticket = words_->write.load(std::memory_order_acquire);
    if (!words_->next.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed))
        return false;
    note_holder();
    if (gate_ == nullptr ||
        or_give_back([&] { return gate_->try_close(); }, [&] { unlock_words(); }))
        return true;
    unlock_words();
    return false;
}

// In a fork a guard that its parent has made lets go of nothing.
void mutex::unlock() {
    if (detail::is_forked()) return;
    const call mine(gate_);
    if (is_elsewhere()) return gate_->unlock();
    if (gate_ != nullptr) or_give_back([&] { gate_->open(); }, [&] { unlock_words(); });
    unlock_words();
}

void mutex::unlock_words() noexcept {
    if (me_ != nullptr) words_->holder.store(0, std::memory_order_relaxed);
    advance(words_->read, *words_);
    advance(words_->write, *words_);
}

void mutex::lock_shared() {
    const call mine(gate_);
    const counted in_report(usage_);
    if (is_elsewhere()) return gate_->lock();
    wait_for(words_->read, words_->next.fetch_add(1, std::memory_order_relaxed));
    advance(words_->read, *words_); // the next reader may come in too
    if (gate_ != nullptr)
        or_give_back([&] { gate_->close_shared(); }, [&] { unlock_shared_words(); });
}

bool mutex::try_lock_shared() {
    const call mine(gate_);
    return counted(usage_).if_taken(try_take_shared());
}

bool mutex::try_take_shared() {
    if (is_elsewhere()) return gate_->try_lock();
    std::uint32_t ticket = words_->read.load(std::memory_order_acquire);
    if (!words_->next.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed))
        return false;
    advance(words_->read, *words_);
    if (gate_ == nullptr ||
        or_give_back([&] { return gate_->try_close_shared(); }, [&] { unlock_shared_words(); }))
        return true;
    unlock_shared_words();
    return false;
}

void mutex::unlock_shared() {
    if (detail::is_forked()) return;
    const call mine(gate_);
    if (is_elsewhere()) return gate_->unlock();
    if (gate_ != nullptr)
        or_give_back([&] { gate_->open_shared(); }, [&] { unlock_shared_words(); });
    unlock_shared_words();
}

void mutex::unlock_shared_words() noexcept {
    advance(words_->write, *words_);
}

} // namespace nodespan
