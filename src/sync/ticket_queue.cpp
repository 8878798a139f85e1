#include "ticket_queue.hpp"

#include "nodespan/error.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace nodespan::detail {
namespace {

// Where locked instructions are made anyway: no sleeper is overlooked.
void wake(shared_word& word, shared_word& sleepers) noexcept {
    if (sleepers.load(std::memory_order_seq_cst) != 0) futex_wake_all(word);
}

} // namespace

// A line each, so that neighbours do not wait for each other.
std::size_t ticket_queue::slot_bytes(std::size_t item_bytes) {
    return (offsetof(slot, item) + item_bytes + 63) / 64 * 64;
}

std::size_t ticket_queue::bytes(std::int64_t capacity, std::size_t item_bytes,
                                const std::string& name) {
    std::int64_t total = 0;
    if (capacity < 1)
        throw error(errc::invalid_argument, name + ": needs room for at least 1 item");
    if (__builtin_mul_overflow(capacity, slot_bytes(item_bytes), &total) ||
        __builtin_add_overflow(total, sizeof(layout), &total))
        throw error(errc::invalid_argument, name + ": over 2^63 bytes");
    return static_cast<std::size_t>(total);
}

ticket_queue::ticket_queue(void* memory, std::int64_t capacity, std::size_t item_bytes,
                           bool oversubscribed, queue_user user)
    : shared_(static_cast<layout*>(memory)),
      capacity_(static_cast<ticket>(capacity)),
      item_bytes_(item_bytes),
      slot_bytes_(slot_bytes(item_bytes)),
      patience_(oversubscribed ? patience::oversubscribed() : patience{}),
      user_(std::move(user)) {}

ticket_queue::place ticket_queue::place_of(ticket t) const noexcept {
    return {*reinterpret_cast<slot*>(shared_->slots + t % capacity_ * slot_bytes_), t,
            static_cast<std::uint32_t>(t / capacity_) * 4};
}

// What a rank brought before it left is looked at once more.
template <class Ready>
void ticket_queue::wait(shared_word& word, shared_word& sleepers, const char* operation,
                        const char* for_what, Ready&& ready) const {
    watchdog watch;
    wait_on(word, sleepers, patience_, ready, [&] {
        if (is_anyone_lost() && !ready(word.load(std::memory_order_acquire)))
            throw error(errc::peer_lost, fmt::format("{}::{}: a rank left by an exception, and "
                                                     "what this one waits for may never come",
                                                     user_.name, operation));
        if (!watch.is_overdue()) return;
        const auto describe = [](const void* name) {
            return *static_cast<const std::string*>(name);
        };
        lock_waiter{user_.rank, {operation, describe, &user_.name}}.complain(watch, for_what);
    });
}

bool ticket_queue::put(const std::byte* item) {
    ticket mine = shared_->puts.load(std::memory_order_relaxed);
    do {
        if ((mine & closed_bit) != 0) return false;
    } while (!shared_->puts.compare_exchange_weak(mine, mine + 1, std::memory_order_relaxed));
    const place p = place_of(mine);
    wait(p.here.turn, p.here.sleepers, "put", "room in it",
         [&](std::uint32_t turn) { return turn == p.free || is_closed(); });
    return send(p, item);
}

bool ticket_queue::try_put(const std::byte* item) {
    ticket next = shared_->puts.load(std::memory_order_relaxed);
    for (;;) {
        if ((next & closed_bit) != 0) return false;
        const place p = place_of(next);
        if (p.turn() != p.free) {
            next = shared_->puts.load(std::memory_order_relaxed);
            if (next == p.number) return false; // full
        } else if (shared_->puts.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
            return send(p, item);
        }
    }
}

// The slot is free, but where the queue was closed meanwhile: the get may have given up on this.
bool ticket_queue::send(const place& p, const std::byte* item) noexcept {
    std::uint32_t turn = p.free;
    // Release as well: who finds the slot taken also finds that its ticket is, see try_put.
    if (!p.here.turn.compare_exchange_strong(turn, p.writing(), std::memory_order_acq_rel))
        return false;
    shared_->undone.fetch_add(1, std::memory_order_relaxed);
    std::memcpy(p.here.item, item, item_bytes_);
    store_and_wake(p.here.turn, p.full(), p.here.sleepers);
    return true;
}

bool ticket_queue::get(std::byte* item) {
    for (;;) {
        const ticket mine = shared_->gets.fetch_add(1, std::memory_order_relaxed);
        const receipt got = receive(place_of(mine), item);
        if (got != receipt::given_up) return got == receipt::item;
    }
}

bool ticket_queue::try_get(std::byte* item) {
    ticket next = shared_->gets.load(std::memory_order_relaxed);
    for (;;) {
        const place p = place_of(next);
        const std::uint32_t turn = p.turn();
        if (turn != p.full() && !is_given_up(p, turn)) {
            next = shared_->gets.load(std::memory_order_relaxed);
            if (next == p.number) return false; // empty
        } else if (shared_->gets.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
            if (receive(p, item) == receipt::item) return true;
            next = p.number + 1;
        }
    }
}

// Whether no put has this ticket, nor ever will.
bool ticket_queue::is_past_end(ticket t) const noexcept {
    return is_closed() && t >= (shared_->puts.load(std::memory_order_relaxed) & ~closed_bit);
}

// Whether the put of this ticket came too late for a queue that is closed. One that has room may
// still do its part, until the get takes the room away.
bool ticket_queue::is_given_up(const place& p, std::uint32_t turn) const noexcept {
    return is_closed() && turn == p.free && !is_past_end(p.number);
}

ticket_queue::receipt ticket_queue::receive(const place& p, std::byte* item) {
    for (;;) {
        wait(p.here.turn, p.here.sleepers, "get", "an item", [&](std::uint32_t turn) {
            return turn == p.full() || is_past_end(p.number) || is_given_up(p, turn);
        });
        if (p.turn() == p.full()) {
            std::memcpy(item, p.here.item, item_bytes_);
            store_and_wake(p.here.turn, p.free_for_next(), p.here.sleepers);
            return receipt::item;
        }
        if (is_past_end(p.number)) return receipt::none_left;
        std::uint32_t turn = p.free;
        if (p.here.turn.compare_exchange_strong(turn, p.free_for_next())) {
            wake(p.here.turn, p.here.sleepers);
            return receipt::given_up;
        }
    }
}

void ticket_queue::task_done() {
    std::uint32_t before = shared_->undone.load(std::memory_order_relaxed);
    do {
        if (before == 0)
            throw error(errc::invalid_argument,
                        user_.name + "::task_done: called more often than items were put");
    } while (!shared_->undone.compare_exchange_weak(before, before - 1, std::memory_order_seq_cst));
    if (before == 1) wake(shared_->undone, shared_->joiners);
}

void ticket_queue::join() {
    wait(shared_->undone, shared_->joiners, "join", "task_done of every item",
         [](std::uint32_t undone) { return undone == 0; });
}

void ticket_queue::close() noexcept {
    shared_->puts.fetch_or(closed_bit, std::memory_order_relaxed);
    shared_->closed.store(1, std::memory_order_seq_cst); // before the look at sleepers
    wake_all();
}

void ticket_queue::abandon(int rank) noexcept {
    std::uint32_t nobody = 0;
    shared_->lost.compare_exchange_strong(nobody, static_cast<std::uint32_t>(rank) + 1);
    wake_all();
    wake(shared_->undone, shared_->joiners);
}

bool ticket_queue::is_anyone_lost() const {
    return shared_->lost.load(std::memory_order_acquire) != 0 || user_.is_anyone_lost();
}

void ticket_queue::wake_all() noexcept {
    for (ticket t = 0; t < capacity_; ++t) {
        slot& here = place_of(t).here;
        wake(here.turn, here.sleepers);
    }
}

bool ticket_queue::is_closed() const noexcept {
    // In the order of close(), of the looks at sleepers, and of a sleeper's counting: see wait_on.
    return shared_->closed.load(std::memory_order_seq_cst) != 0;
}

} // namespace nodespan::detail
