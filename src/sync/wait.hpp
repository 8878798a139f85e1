#pragma once

#include "contention.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nodespan::detail {

using shared_word = std::atomic<std::uint32_t>;
static_assert(shared_word::is_always_lock_free && sizeof(shared_word) == 4,
              "words in shared memory must be plain 32-bit futexes");

inline void cpu_pause() noexcept {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Offers this core to other processes, and looks whether one of them has kept it for long.
void yield_core() noexcept;

/// Sleeps until `word` differs from `seen` and another rank wakes this one, or until the time is
/// over.
void futex_wait(shared_word& word, std::uint32_t seen, long timeout_ns) noexcept;

/// Wakes all ranks that sleep on `word`.
void futex_wake_all(shared_word& word) noexcept;

/// Whether store_and_wake finds every rank that is about to sleep: everywhere except on x86-64.
#if defined(__x86_64__)
inline constexpr bool wake_is_ordered = false;
#else
inline constexpr bool wake_is_ordered = true;
#endif

/// Stores `value` and wakes sleepers. `sleepers` counts the ranks that may sleep on this word.
///
/// A rank that goes to sleep first counts itself in `sleepers` and then reads the word; this
/// function first stores the word and then reads `sleepers`. Where all four accesses are
/// sequentially consistent, C++ gives them one order that all ranks agree on ([atomics.order]), in
/// which the two accesses of each rank keep their sequence. If this function reads that nobody
/// sleeps, its read comes before the other rank counts itself in this order. Then its store comes
/// before the other rank's read of the word, so that rank reads the new value and stays awake. If
/// this function reads that the other rank sleeps, it wakes that rank: the kernel compares the word
/// and puts the rank to sleep in one step, and FUTEX_WAKE comes after the store, so either the
/// kernel finds the new value, or the rank is asleep already and is woken. On AArch64 this order
/// needs no instruction more: the store is the stlr that a release is as well, and the read is an
/// ldar.
///
/// On x86-64 a sequentially consistent store is a locked instruction, which would cost as much as
/// all the rest. There the store is a release and the read is relaxed, so the processor may read
/// `sleepers` while the store still waits in its store buffer. A rank that counts itself in that
/// moment and reads the old value is not woken. It loses the rest of its sleep and no more, since
/// every sleep has a time limit. A store leaves the store buffer much sooner than the 100 us of the
/// first sleep, see wait_on; if it did not, the rank would lose one sleep of
/// patience::sleep_ns, 200 ms.
inline void store_and_wake(shared_word& word, std::uint32_t value, shared_word& sleepers) noexcept {
    using enum std::memory_order;
    word.store(value, wake_is_ordered ? seq_cst : release);
    if (sleepers.load(wake_is_ordered ? seq_cst : relaxed) != 0) futex_wake_all(word);
}

/// The work that this process owes to others whatever it waits for, since it may wait in one team
/// for a rank that waits for it in another team. Every wait calls it between tries. Returns whether
/// there is such work.
using duty = bool (*)() noexcept;
void set_duty(duty what) noexcept;

/// Does this work, if there is any. Returns whether it should be called again soon.
bool do_duty() noexcept;

/// How long a wait spins before it offers its core, and how long it does that before it sleeps. It
/// does not offer the core to somebody who computes there, see contention.hpp.
struct patience {
    int spins = 200;             // some microseconds
    int yields = 2000;           // then it offers the core so often to ranks that share it
    long sleep_ns = 200'000'000; // then it sleeps, and wakes up this often to call `slow`

    /// For nodes with more ranks than cores: no spinning.
    static patience oversubscribed() { return {0, 50}; }
};

/// Whether a wait's `slow`, called for the `tries`-th time, looks at what costs more than a word:
/// at the beginning, now and then while it offers the core, and whenever it has slept. Where
/// somebody else computes on its core it sleeps from the beginning.
inline bool is_time_to_look(unsigned tries, const patience& how) noexcept {
    return std::has_single_bit(tries) || tries % 64 == 0 ||
           tries > static_cast<unsigned>(how.yields);
}

/// Pauses between tries of a wait in which nobody wakes this rank, such as for a message. It spins,
/// then offers the core, then sleeps 100 us at a time if ranks outnumber cores. Otherwise it stays
/// awake, since other nodes may wait for this one's progress. Where somebody else computes on its
/// core it naps between all tries.
class pause {
public:
    explicit pause(bool oversubscribed) noexcept
        : pause(oversubscribed ? spins : 0, oversubscribed) {}

    /// For data that arrives piece by piece, which sleeping would delay.
    static pause awake(bool oversubscribed) noexcept { return {oversubscribed ? spins : 0, false}; }

    /// For waits before the number of ranks is known: spins first, and sleeps in the end.
    static pause before_team() noexcept { return {0, true}; }

    /// Between two tries.
    void wait() noexcept;

    /// Before the first try: naps if a try would probably lose the core.
    void before_first_try() noexcept;

    /// Whether spinning is over, so that there is time for other work.
    bool is_slow() const noexcept { return tries_ >= spins; }

private:
    pause(int tries, bool may_sleep) noexcept : tries_(tries), may_sleep_(may_sleep) {}

    static constexpr int spins = 200, yields = 2000;
    int tries_;
    bool may_sleep_;
    contention::clock::time_point try_began_ = contention::clock::now();
};

/// Counts this rank among the sleepers of a word.
class sleeper {
public:
    explicit sleeper(shared_word& sleepers) : sleepers_(sleepers) {
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~sleeper() { sleepers_.fetch_sub(1, std::memory_order_relaxed); }
    sleeper(const sleeper&) = delete;            // for one scope
    sleeper& operator=(const sleeper&) = delete; // for one scope

private:
    shared_word& sleepers_;
};

/// Waits until ready(word's value): spins, then yields, then sleeps on a futex. `slow` is called
/// between tries once spinning is over; it may throw to end the wait.
///
/// If a wake of this word may also announce a change of other words, `ready` reads those with
/// memory_order_seq_cst, as this function reads `word`; store_and_wake explains why.
///
/// On x86-64 store_and_wake may overlook a rank that is about to sleep, so the first sleep is
/// short: when it ends, a store that was under way while this rank counted itself has become
/// visible. All later stores find this rank among the sleepers.
template <class Ready, class Slow>
void wait_on(shared_word& word, shared_word& sleepers, const patience& how, Ready&& ready,
             Slow&& slow) {
    for (int i = 0; i <= how.spins; ++i) {
        if (ready(word.load(std::memory_order_acquire))) return;
        cpu_pause();
    }
    for (int i = 0; i < how.yields && !contention::is_likely(); ++i) {
        yield_core();
        if (ready(word.load(std::memory_order_acquire))) return;
        if (i % 8 == 0) do_duty();
        slow();
    }
    constexpr long short_ns = 100'000;
    const sleeper me(sleepers);
    for (bool is_first = true;; is_first = false) {
        const bool be_short = do_duty() || is_first;
        const std::uint32_t seen = word.load(std::memory_order_seq_cst);
        if (!ready(seen)) futex_wait(word, seen, be_short ? short_ns : how.sleep_ns);
        if (ready(word.load(std::memory_order_acquire))) return;
        slow();
    }
}

} // namespace nodespan::detail
