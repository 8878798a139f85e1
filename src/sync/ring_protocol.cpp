#include "ring_protocol.hpp"

#include "nodespan/error.hpp"
#include "race_hooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

// How frames of a ring change hands.
//
// The words. A frame that is published has a position, 0, 1, 2, ... `order` says in which slot it
// lies, under its position modulo the number of slots. Each slot has one word, with the position
// of its frame, the number of consumers that read it now, and the number of consumers to which it
// is still owed (its debts). All changes of hands are changes of this one word, so no consumer
// reads a frame that is half written. Only the producer writes `order`, `head` (the number of
// positions given), `numbered` (the number of sequence numbers given, those of lost frames
// included), `news` and `closed`.
//
// Publishing. The producer writes the frame and its sequence number, then `order`, then the word
// with all debts, then `latest`, then `head`, then `news`. The stores of the word and of `head` are
// releases. A consumer reads `head` with acquire, so it sees at least the `order` of every position
// below it. `latest` is the slot of the last of these, or of one published since. It lies beside
// `head`, so a consumer that waits for that frame has it with the news, one cache line sooner than
// by `order`; if it is that of a later position, the word says so, and the consumer takes `order`.
//
// Reading. A consumer enters by a compare-and-swap that requires the position it wants and a debt,
// and that turns one debt into one reader. `order` may have been overwritten for a later position:
// then the slot holds another position, the compare-and-swap is not tried, and the consumer goes
// on to the next position. The swap is an acquire, so the consumer sees the frame. Leaving
// subtracts one reader, as a release, so that the producer overwrites the frame only after it was
// read.
//
// Taking a slot back. The producer takes a slot without readers and debts: no consumer can enter
// it any more. With drop_oldest it also takes a slot without readers but with debts, by a
// compare-and-swap that removes them and counts them as dropped. It passes over a slot with a
// reader, whatever the policy, and looks at it again later (`skipped_`). There is one slot more
// than may wait, so the producer always has one to write into.
//
// Cache lines. From publishing to the first element of a frame, two lines go from core to core one
// after the other: that of `head`, and then, both at once, that of the slot's word and that of the
// frame. The swap is tried without a look at the word, which would bring its line twice.
//
// Nobody waits for ever. A consumer reads `news` before it looks for a frame, and sleeps only while
// `news` has this value; it reads `closed` before its last look, so it misses no frame that was
// published before the end. The producer waits only with when_full::block. It reads `released`
// before it looks for a slot; a consumer that frees a slot increments `released` before it looks
// for sleepers. A rank that leaves by an exception sets `lost`, a consumer that ends its ring
// increments `left`; both wake sleepers, and waits throw errc::peer_lost if what they wait for
// cannot happen any more. A consumer that dies while it reads keeps one slot, and with
// when_full::block its debts stay: then the watchdog says that the producer waits.

namespace nodespan::detail {
namespace {

// The word of a slot: the position modulo 2^40, 12 bits for the number of readers, 12 bits for the
// number of debts. A consumer mistakes one position for another only if it is stopped in the middle
// of a compare-and-swap while 2^40 frames pass.
constexpr std::uint64_t one_owed = 1, one_reader = std::uint64_t{1} << 12;
constexpr std::uint64_t count_mask = one_reader - 1;
constexpr int position_shift = 24;

std::uint64_t owed(std::uint64_t word) {
    return word & count_mask;
}
std::uint64_t readers(std::uint64_t word) {
    return (word >> 12) & count_mask;
}
bool is_at(std::uint64_t word, std::uint64_t position) {
    return word >> position_shift == position << position_shift >> position_shift;
}

// The word of a frame that nobody has entered yet.
std::uint64_t untouched(const ring_shape& shape, std::uint64_t position) {
    const std::uint64_t debts =
        shape.delivery == nodespan::delivery::to_all ? shape.consumers * one_owed : one_owed;
    return position << position_shift | debts;
}

// Brings a line that will be written, without waiting for it.
void prefetch_to_write(const void* line) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
    __builtin_prefetch(line, 1);
#endif
}

template <class T>
std::size_t room_for(std::size_t count) {
    return (count * sizeof(T) + 63) / 64 * 64;
}

template <class T>
T* advance(std::byte*& at, std::size_t count) {
    T* const result = reinterpret_cast<T*>(at);
    at += room_for<T>(count);
    return result;
}

patience patience_of(const ring_shape& shape) {
    return shape.is_oversubscribed ? patience::oversubscribed() : patience{};
}

// For words that several ranks write. The word is incremented before the sleepers are read, as in
// wait_on.
void count_and_wake(shared_word& word, shared_word& sleepers) noexcept {
    word.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers.load(std::memory_order_seq_cst) != 0) futex_wake_all(word);
}

// Adds to a count that has one writer only, without a locked instruction.
void add(std::atomic<std::uint64_t>& count, std::uint64_t more) noexcept {
    count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

} // namespace

std::size_t ring_memory::bytes(const ring_shape& shape) {
    return room_for<fixed_part>(1) + room_for<consumer_line>(shape.consumers) +
           room_for<slot_line>(shape.all_slots()) + room_for<shared_word>(shape.all_slots()) +
           shape.all_slots() * shape.frame_bytes;
}

ring_memory::ring_memory(void* memory, const ring_shape& shape) : shape_(shape) {
    auto* at = static_cast<std::byte*>(memory);
    fixed_ = advance<fixed_part>(at, 1);
    consumers_ = advance<consumer_line>(at, shape.consumers);
    slots_ = advance<slot_line>(at, shape.all_slots());
    order_ = advance<shared_word>(at, shape.all_slots());
    frames_ = at;
}

void ring_memory::abandon(int rank) const noexcept {
    std::uint32_t nobody = 0;
    waiting().lost.compare_exchange_strong(nobody, static_cast<std::uint32_t>(rank) + 1);
    futex_wake_all(producer().news);
    futex_wake_all(released());
}

void ring_memory::throw_if_abandoned(const char* operation,
                                     const std::function<bool()>& is_lost) const {
    if (const std::uint32_t who = waiting().lost.load(std::memory_order_acquire); who != 0)
        throw error(errc::peer_lost,
                    fmt::format("{}: rank {} left by an exception", operation, who - 1));
    if (is_lost && is_lost())
        throw error(errc::peer_lost,
                    fmt::format("{}: a rank of this node left by an exception", operation));
}

std::uint64_t ring_memory::lost() const noexcept {
    if (shape_.delivery == nodespan::delivery::to_one)
        return producer().dropped.load(std::memory_order_relaxed);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < shape_.consumers; ++i)
        sum += consumer(i).missed.load(std::memory_order_relaxed);
    return sum;
}

ring_producer::ring_producer(const ring_memory& memory, std::function<bool()> is_lost,
                             std::function<void(const watchdog&)> complain)
    : memory_(memory),
      is_lost_(std::move(is_lost)),
      complain_(std::move(complain)),
      skipped_(memory.shape().all_slots()) {
    std::iota(skipped_.rbegin(), skipped_.rend(), 0U);
}

std::byte* ring_producer::reserve() {
    if (memory_.shape().when_full == when_full::block) // the other policies depend on no consumer
        memory_.throw_if_abandoned("ring::reserve", {});
    if (!own_) own_ = find_slot();
    if (!own_) wait_for_slot();
    has_reserved_ = true;
    prefetch_to_write(&memory_.slot(*own_)); // publish() stores there
    race::acquired(memory_.frame(*own_));
    return memory_.frame(*own_);
}

bool ring_producer::publish() {
    has_reserved_ = false;
    ring_memory::producer_line& line = memory_.producer();
    const bool may_wait = memory_.shape().when_full == when_full::block;
    const std::optional<std::uint32_t> following = may_wait ? std::nullopt : find_slot();
    const bool is_kept = may_wait || following;
    if (is_kept) {
        hand_over(*own_);
        own_ = following;
    } else {
        count_dropped(
            memory_.shape().delivery == nodespan::delivery::to_all ? memory_.shape().consumers : 1);
    }
    line.numbered.store(++numbered_, std::memory_order_relaxed);
    if (is_kept) // last, so that a consumer that sees the news finds all the rest
        store_and_wake(line.news, line.news.load(std::memory_order_relaxed) + 1,
                       memory_.waiting().for_news);
    return is_kept;
}

// The order matters: first the slot's number, then its word, then the head, which leads consumers
// to it.
void ring_producer::hand_over(std::uint32_t slot) {
    ring_memory::slot_line& at = memory_.slot(slot);
    at.sequence = numbered_;
    race::releases(&at, true);
    memory_.order(head_).store(slot, std::memory_order_relaxed);
    at.word.store(untouched(memory_.shape(), head_), std::memory_order_release);
    memory_.producer().latest.store(slot, std::memory_order_relaxed);
    memory_.producer().head.store(++head_, std::memory_order_release);
}

void ring_producer::count_dropped(std::uint64_t frames) noexcept {
    add(memory_.producer().dropped, frames);
}

// Whether the producer may now write to the slot: nobody reads there, and it is owed to nobody, or
// its frame has just been dropped.
bool ring_producer::take(std::uint32_t slot) {
    std::atomic<std::uint64_t>& word = memory_.slot(slot).word;
    std::uint64_t seen = word.load(std::memory_order_acquire);
    while (readers(seen) == 0) {
        if (owed(seen) == 0) return true;
        if (memory_.shape().when_full != when_full::drop_oldest) return false;
        if (!word.compare_exchange_weak(seen, seen - owed(seen), std::memory_order_acquire))
            continue;
        count_dropped(owed(seen));
        return true;
    }
    return false;
}

std::optional<std::uint32_t> ring_producer::find_skipped() {
    for (auto at = skipped_.rbegin(); at != skipped_.rend(); ++at) {
        const std::uint32_t slot = *at;
        if (!take(slot)) continue;
        *at = skipped_.back();
        skipped_.pop_back();
        return slot;
    }
    return std::nullopt;
}

// Looks first at the slots that were skipped: they hold older frames than all others, or none.
// Then goes by position, which is the order in which consumers take frames. So if nothing may be
// dropped and one slot is still owed, all later ones are, too, and the search ends.
std::optional<std::uint32_t> ring_producer::find_slot() {
    if (const auto found = find_skipped()) return found;
    while (oldest_ < head_) {
        const std::uint32_t slot = memory_.order(oldest_).load(std::memory_order_relaxed);
        if (take(slot)) {
            ++oldest_;
            return slot;
        }
        const std::uint64_t word = memory_.slot(slot).word.load(std::memory_order_relaxed);
        if (owed(word) > 0 && memory_.shape().when_full != when_full::drop_oldest) break;
        skipped_.push_back(slot); // a consumer reads there
        ++oldest_;
    }
    return std::nullopt;
}

void ring_producer::wait_for_slot() {
    ring_memory::waiting_line& waiting = memory_.waiting();
    const auto have_left = [&] {
        const std::uint32_t left = waiting.left.load(std::memory_order_acquire);
        return memory_.shape().delivery == nodespan::delivery::to_all
                   ? left > 0
                   : left == memory_.shape().consumers;
    };
    watchdog watch;
    for (;;) {
        const std::uint32_t seen = memory_.released().load(std::memory_order_seq_cst);
        if ((own_ = find_slot())) return;
        wait_on(
            memory_.released(), waiting.for_room, patience_of(memory_.shape()),
            [seen](std::uint32_t now) { return now != seen; },
            [&] {
                if (memory_.released().load(std::memory_order_acquire) != seen) return;
                memory_.throw_if_abandoned("ring::reserve", is_lost_);
                if (have_left())
                    throw error(errc::peer_lost,
                                "ring::reserve: no room, and a consumer that it would take has "
                                "ended its ring");
                if (watch.is_overdue() && complain_) complain_(watch);
            });
    }
}

bool ring_producer::is_closed() const noexcept {
    return memory_.producer().closed.load(std::memory_order_relaxed) != 0;
}

void ring_producer::close() noexcept {
    if (is_closed()) return;
    ring_memory::producer_line& line = memory_.producer();
    line.closed.store(1, std::memory_order_release);
    store_and_wake(line.news, line.news.load(std::memory_order_relaxed) + 1,
                   memory_.waiting().for_news);
}

ring_consumer::ring_consumer(const ring_memory& memory, std::uint32_t number,
                             std::function<bool()> is_lost)
    : memory_(memory),
      number_(number),
      is_lost_(std::move(is_lost)) {}

std::optional<ring_consumer::frame> ring_consumer::next() {
    const ring_memory::producer_line& line = memory_.producer();
    for (;;) {
        const std::uint32_t seen = line.news.load(std::memory_order_acquire);
        const bool is_last_look = line.closed.load(std::memory_order_acquire) != 0;
        if (const std::optional<frame> found = look()) {
            note(*found);
            return found;
        }
        if (is_last_look) { // the ring was closed before the look, so no frame will follow
            note_end();
            return std::nullopt;
        }
        wait_for_news(seen);
    }
}

// Looks for a frame from this consumer's next position on. `next` only grows. Consumers may share
// it; each of them moves it past a position that is over. Frames further back than the number of
// slots have been dropped.
std::optional<ring_consumer::frame> ring_consumer::look() {
    const bool is_shared = memory_.shape().delivery == nodespan::delivery::to_one;
    std::atomic<std::uint64_t>& next = memory_.consumer(is_shared ? 0 : number_).next;
    std::uint64_t at = next.load(std::memory_order_relaxed);
    for (;;) {
        const std::uint64_t head = memory_.producer().head.load(std::memory_order_acquire);
        if (at >= head) return std::nullopt;
        const std::uint64_t slots = memory_.shape().all_slots();
        const std::uint64_t position = head - at > slots ? head - slots : at;
        const std::optional<frame> found = find(position, head);
        if (!is_shared) {
            at = position + 1;
            next.store(at, std::memory_order_relaxed);
        } else if (next.compare_exchange_strong(at, position + 1, std::memory_order_relaxed)) {
            at = position + 1;
        }
        if (found) return found;
    }
}

// `latest` may be of a later position, and then the frame lies elsewhere.
std::optional<ring_consumer::frame> ring_consumer::find(std::uint64_t position,
                                                        std::uint64_t head) {
    if (position + 1 == head) {
        const std::uint32_t latest = memory_.producer().latest.load(std::memory_order_relaxed);
        if (const std::optional<frame> found = try_take(position, latest)) return found;
    }
    return try_take(position, memory_.order(position).load(std::memory_order_relaxed));
}

std::optional<ring_consumer::frame> ring_consumer::try_take(std::uint64_t position,
                                                            std::uint32_t slot) {
    __builtin_prefetch(memory_.frame(slot));
    ring_memory::slot_line& at = memory_.slot(slot);
    std::uint64_t seen = untouched(memory_.shape(), position); // a guess
    do {
        if (!is_at(seen, position) || owed(seen) == 0) return std::nullopt;
    } while (!at.word.compare_exchange_weak(seen, seen - one_owed + one_reader,
                                            std::memory_order_acquire, std::memory_order_relaxed));
    race::acquired(&at);
    return frame{memory_.frame(slot), at.sequence, slot};
}

void ring_consumer::release(std::uint32_t slot) noexcept {
    race::releases(memory_.frame(slot), false);
    const std::uint64_t before =
        memory_.slot(slot).word.fetch_sub(one_reader, std::memory_order_release);
    const bool may_be_free = readers(before) == 1 && owed(before) == 0;
    if (may_be_free && memory_.shape().when_full == when_full::block)
        count_and_wake(memory_.released(), memory_.waiting().for_room);
}

void ring_consumer::note(const frame& got) noexcept {
    ring_memory::consumer_line& line = memory_.consumer(number_);
    line.received.store(++received_, std::memory_order_relaxed);
    if (memory_.shape().delivery == nodespan::delivery::to_one) return;
    missed_ += got.sequence - expected_;
    expected_ = got.sequence + 1;
    line.missed.store(missed_, std::memory_order_relaxed);
}

void ring_consumer::note_end() noexcept {
    if (memory_.shape().delivery == nodespan::delivery::to_one) return;
    const std::uint64_t all = memory_.producer().numbered.load(std::memory_order_relaxed);
    missed_ += all - expected_;
    expected_ = all;
    memory_.consumer(number_).missed.store(missed_, std::memory_order_relaxed);
}

void ring_consumer::wait_for_news(std::uint32_t seen) {
    ring_memory::producer_line& line = memory_.producer();
    wait_on(
        line.news, memory_.waiting().for_news, patience_of(memory_.shape()),
        [seen](std::uint32_t now) { return now != seen; },
        [&] {
            if (line.news.load(std::memory_order_acquire) == seen)
                memory_.throw_if_abandoned("ring::next", is_lost_);
        });
}

void ring_consumer::leave() noexcept {
    memory_.waiting().left.fetch_add(1, std::memory_order_release);
    futex_wake_all(memory_.released());
}

} // namespace nodespan::detail
