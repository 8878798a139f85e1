#include "ticket_queue.hpp"

#include "nodespan/error.hpp"
#include "race_hooks.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

// How items pass through the queue.
//
// The words. `puts` is the next ticket of a put, with closed_bit; `gets` is the next ticket of a
// get. Ticket t belongs to slot t modulo the capacity, in round t / capacity. The slot's `turn` is
// 4 * round while it is free for the put of that round, + 1 while that put writes, + 2 while the
// item waits for the get, and 4 * (round + 1) once the get has read it. `undone` counts items that
// were put and not marked as done.
//
// Order. A put draws a ticket by a compare-and-swap that fails once closed_bit is set, waits until
// its slot is free, changes `turn` to "writing" by a compare-and-swap (acquire, so the earlier get
// has read its item), writes the item, and stores "full" (release). A get draws a ticket, waits for
// "full" (acquire), reads the item, and stores "free" for the next round (release). So each item
// costs four atomic instructions and two stores, and a rank that waits reads the line of one slot
// only. Nothing is lost: a put and a get with the same ticket meet in the same slot in the same
// round, and each waits for the other's store.
//
// Closing. close() sets closed_bit, by which later puts are refused, then `closed`, and wakes all.
// A get whose ticket no put has drawn ends: nothing is left. A put may have a ticket and no room
// yet when the queue is closed: then it is given up, by a compare-and-swap of the get with the same
// ticket from "free" to "free for the next round". Put and get both swap from "free", so exactly
// one of them wins: either the item is sent, or the put returns false and the get draws another
// ticket.
//
// Nobody waits for ever. Stores of `turn` may overlook a rank that is about to sleep, whose first
// sleep is therefore short (wait.hpp); a rank that has looked at `closed` or `lost` just before
// they change may miss the wake-up, but every sleep is bounded (200 ms), and then it looks again. A
// rank that leaves by an exception sets `lost`. Every wait reads its word again after it has seen
// the loss, since the item may have come before; then it throws errc::peer_lost. A rank that dies
// without unwinding between "writing" and "full" stops the get of that slot; the watchdog then says
// which call waits.

namespace nodespan::detail {
namespace {

// For words that are changed by locked instructions: no sleeper is overlooked.
void wake(shared_word& word, shared_word& sleepers) noexcept {
    if (sleepers.load(std::memory_order_seq_cst) != 0) futex_wake_all(word);
}

} // namespace

// Each slot has cache lines of its own, so that neighbours do not slow each other down.
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

ticket_queue::ticket_slot ticket_queue::slot_of(ticket t) const noexcept {
    return {*reinterpret_cast<slot*>(shared_->slots + t % capacity_ * slot_bytes_), t,
            static_cast<std::uint32_t>(t / capacity_) * 4};
}

// A rank may fulfil the condition and then leave: `word` is read again after the loss is known.
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

void ticket_queue::tell_words(const std::byte* block) const {
    race::has_words(block, shared_->slots, capacity_, slot_bytes_, 0);
    race::has_words(block, &shared_->undone, 1, sizeof shared_->undone, capacity_);
    race::has_words(block, &shared_->closed, 1, sizeof shared_->closed, capacity_ + 1);
}

bool ticket_queue::put(const std::byte* item) {
    ticket mine = shared_->puts.load(std::memory_order_relaxed);
    do {
        if ((mine & closed_bit) != 0) return false;
    } while (!shared_->puts.compare_exchange_weak(mine, mine + 1, std::memory_order_relaxed));
    const ticket_slot p = slot_of(mine);
    wait(p.here.turn, p.here.sleepers, "put", "room in it",
         [&](std::uint32_t turn) { return turn == p.free || is_closed(); });
    return send(p, item);
}

bool ticket_queue::try_put(const std::byte* item) {
    ticket next = shared_->puts.load(std::memory_order_relaxed);
    for (;;) {
        if ((next & closed_bit) != 0) return false;
        const ticket_slot p = slot_of(next);
        if (p.turn() != p.free) {
            next = shared_->puts.load(std::memory_order_relaxed);
            if (next == p.number) return false; // full
        } else if (shared_->puts.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
            return send(p, item);
        }
    }
}

// The slot is free. If the queue was closed meanwhile, the get with this ticket may have given the
// put up already; then the compare-and-swap fails.
bool ticket_queue::send(const ticket_slot& p, const std::byte* item) noexcept {
    std::uint32_t turn = p.free;
    // Release as well: who finds the slot taken also finds that its ticket is, see try_put.
    if (!p.here.turn.compare_exchange_strong(turn, p.writing(), std::memory_order_acq_rel))
        return false;
    shared_->undone.fetch_add(1, std::memory_order_relaxed);
    std::memcpy(p.here.item, item, item_bytes_);
    race::releases(&p.here, true);
    store_and_wake(p.here.turn, p.full(), p.here.sleepers);
    return true;
}

bool ticket_queue::get(std::byte* item) {
    for (;;) {
        const ticket mine = shared_->gets.fetch_add(1, std::memory_order_relaxed);
        const receipt got = receive(slot_of(mine), item);
        if (got != receipt::given_up) return got == receipt::item;
    }
}

bool ticket_queue::try_get(std::byte* item) {
    ticket next = shared_->gets.load(std::memory_order_relaxed);
    for (;;) {
        const ticket_slot p = slot_of(next);
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

// Whether no put has this ticket, or will ever have it.
bool ticket_queue::is_past_end(ticket t) const noexcept {
    return is_closed() && t >= (shared_->puts.load(std::memory_order_relaxed) & ~closed_bit);
}

// Whether the queue was closed before the put with this ticket had room. If it has room, it may
// still write its item, until the get takes the slot from it.
bool ticket_queue::is_given_up(const ticket_slot& p, std::uint32_t turn) const noexcept {
    return is_closed() && turn == p.free && !is_past_end(p.number);
}

ticket_queue::receipt ticket_queue::receive(const ticket_slot& p, std::byte* item) {
    for (;;) {
        wait(p.here.turn, p.here.sleepers, "get", "an item", [&](std::uint32_t turn) {
            return turn == p.full() || is_past_end(p.number) || is_given_up(p, turn);
        });
        if (p.turn() == p.full()) {
            race::acquired(&p.here);
            std::memcpy(item, p.here.item, item_bytes_);
            store_and_wake(p.here.turn, p.free_for_next(), p.here.sleepers);
            return receipt::item;
        }
        if (is_past_end(p.number)) {
            race::acquired(&shared_->closed);
            return receipt::none_left;
        }
        std::uint32_t turn = p.free;
        if (p.here.turn.compare_exchange_strong(turn, p.free_for_next())) {
            wake(p.here.turn, p.here.sleepers);
            return receipt::given_up;
        }
    }
}

void ticket_queue::task_done() {
    race::releases(&shared_->undone, false);
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
    race::acquired(&shared_->undone);
}

void ticket_queue::close() noexcept {
    race::releases(&shared_->closed, false);
    shared_->puts.fetch_or(closed_bit, std::memory_order_relaxed);
    shared_->closed.store(1, std::memory_order_seq_cst); // before the sleepers are read
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
        slot& here = slot_of(t).here;
        wake(here.turn, here.sleepers);
    }
}

bool ticket_queue::is_closed() const noexcept {
    // In the order of close(), of the looks at sleepers, and of a sleeper's counting: see wait_on.
    return shared_->closed.load(std::memory_order_seq_cst) != 0;
}

} // namespace nodespan::detail
