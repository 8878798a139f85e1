#include "nodespan/mutex.hpp"

#include "nodespan/detail/process_state.hpp"
#include "race_hooks.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <chrono>

// The lock of a node: a ticket lock with a second counter for readers (Mellor-Crummey and Scott
// 1991).
//
// The words. `next` is the next ticket to be drawn. `read` is the ticket whose owner may enter as a
// reader, `write` the ticket whose owner may enter as a writer. All three only grow, except that
// the owner of the latest ticket may take it back; write <= read <= next (modulo 2^32). `holder` is
// 1 + the rank of the writer, for messages of the watchdog only.
//
// Order. A rank draws a ticket by an atomic increment of `next`. A writer waits until `write`
// equals its ticket: then all earlier owners have left. When it leaves it increments `read`, then
// `write`. A reader waits until `read` equals its ticket: then all earlier writers have left, and
// all earlier readers have entered. It increments `read` as it enters, so that a reader that is
// next in line enters too, and `write` as it leaves. `write` reaches the ticket of a writer only
// when everyone before it has left, in whatever order the readers leave.
//
// Why nothing is lost: leaving is an increment with memory_order_seq_cst, which is also a release,
// and waits read with acquire, so the next owner sees what was written under the lock. The
// increment comes before the look at `sleepers`, and a sleeper counts itself before it reads the
// counter, both seq_cst: so one of the two sees the other, and no sleeper is overlooked.
//
// Nobody waits for ever, and nobody starves: tickets are served in the order in which they were
// drawn. If a wait fails, because MPI has reported an error, its ticket is taken back or its turn
// is passed on (pass_on), so that later owners are served. A rank that leaves by an exception
// unlocks as its guards unwind. A rank that dies while it holds the lock keeps it; the watchdog
// then names that rank.
//
// In a team of several nodes, a rank that has its turn here still has to keep out the ranks of
// other nodes. It closes the gate after it has its turn, and opens it before it gives its turn
// away: see rma_gate.cpp.

namespace nodespan {

namespace {

// Increments one of the counters `read` and `write`. It is an increment and not a store, because a
// reader may enter and leave between the two steps of a writer's unlock.
void advance(std::atomic<std::uint32_t>& serving, detail::mutex_words& words) noexcept {
    serving.fetch_add(1, std::memory_order_seq_cst); // sleepers are read after this, as in wait_on
    if (words.sleepers.load(std::memory_order_seq_cst) != 0) detail::futex_wake_all(serving);
}

// Counts one lock that is taken and the time that it takes, if a report of it is wanted.
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

    // Passes on the result of try_lock; a failed attempt is not counted.
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

// One call. A thread that may not make it gets its error here, before anything is done.
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

// Runs the next step of a lock. If it fails, `give_back` undoes the steps before it.
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

// Records the writer's rank for the watchdog; 0 under readers.
void mutex::note_holder() noexcept {
    if (me_ != nullptr)
        words_->holder.store(static_cast<std::uint32_t>(me_->rank) + 1, std::memory_order_relaxed);
}

void mutex::wait_for(std::atomic<std::uint32_t>& serving, std::uint32_t ticket) {
    detail::patience how =
        oversubscribed_ ? detail::patience::oversubscribed() : detail::patience{};
    if (gate_ != nullptr) how.sleep_ns = 100'000; // other nodes may wait for this rank's progress
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

// Called when a wait has failed, so that no ticket is left without an owner. The rank with the
// latest ticket takes it back. If later tickets have been drawn, the rank waits for its turn
// without reporting anything, and then passes the lock on.
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
                // Another error is being thrown already.
            }
        });
    advance(words_->read, *words_);
    advance(words_->write, *words_);
}

void mutex::lock() {
    const call mine(gate_);
    const counted in_report(usage_);
    if (is_elsewhere()) {
        gate_->lock();
        return detail::race::locked(words_, gate_, false);
    }
    wait_for(words_->write, words_->next.fetch_add(1, std::memory_order_relaxed));
    note_holder();
    if (gate_ != nullptr) or_give_back([&] { gate_->close(); }, [&] { unlock_words(); });
    detail::race::locked(words_, gate_, false);
}

// `write` is at most `next`. If both are equal, all tickets have been given back and the lock is
// free.
bool mutex::try_lock() {
    const call mine(gate_);
    const bool is_taken = counted(usage_).if_taken(try_take());
    if (is_taken) detail::race::locked(words_, gate_, false);
    return is_taken;
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

// In a fork this does nothing: the lock belongs to the parent, whose guard was copied.
void mutex::unlock() {
    if (detail::is_forked()) return;
    const call mine(gate_);
    detail::race::unlocks(words_, gate_, false);
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
    if (is_elsewhere()) {
        gate_->lock();
        return detail::race::locked(words_, gate_, true);
    }
    wait_for(words_->read, words_->next.fetch_add(1, std::memory_order_relaxed));
    advance(words_->read, *words_); // the next reader may enter, too
    if (gate_ != nullptr)
        or_give_back([&] { gate_->close_shared(); }, [&] { unlock_shared_words(); });
    detail::race::locked(words_, gate_, true);
}

bool mutex::try_lock_shared() {
    const call mine(gate_);
    const bool is_taken = counted(usage_).if_taken(try_take_shared());
    if (is_taken) detail::race::locked(words_, gate_, true);
    return is_taken;
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
    detail::race::unlocks(words_, gate_, true);
    if (is_elsewhere()) return gate_->unlock();
    if (gate_ != nullptr)
        or_give_back([&] { gate_->open_shared(); }, [&] { unlock_shared_words(); });
    unlock_shared_words();
}

void mutex::unlock_shared_words() noexcept {
    advance(words_->write, *words_);
}

} // namespace nodespan
