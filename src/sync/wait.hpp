#pragma once

#include <atomic>
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

/// Lets another process have this core.
void yield_core() noexcept;

/// Sleeps until `word` differs from `seen` and somebody wakes it, or the time is over.
void futex_wait(shared_word& word, std::uint32_t seen, long timeout_ns) noexcept;

/// Wakes everyone who sleeps on `word`.
void futex_wake_all(shared_word& word) noexcept;

/// Whether store_and_wake orders its store before its look at `sleepers`: everywhere but on x86-64.
#if defined(__x86_64__)
inline constexpr bool wake_overlooks_nobody = false;
#else
inline constexpr bool wake_overlooks_nobody = true;
#endif

/// Stores `value` and wakes sleepers. `sleepers` counts those who may sleep on this word.
///
/// A rank that goes to sleep counts itself in `sleepers` and then looks at the word; this function
/// stores the word and then looks at `sleepers`. If these four accesses are all sequentially
/// consistent, C++ gives them one order that all ranks agree on ([atomics.order]), in which each
/// rank's two stand as they are written here. If the look at `sleepers` finds nobody, it stands
/// before the rank's counting. Then the store, which stands before the look, also stands before
/// the rank's own look at the word, and the rank finds the new value and does not sleep. If the
/// look finds the rank, it is woken: the kernel compares the word and puts the rank to sleep in one
/// step, and FUTEX_WAKE comes after the store, so it finds the rank asleep, or the rank finds the
/// new value. So nobody is overlooked. On AArch64 this costs nothing: the store is the same stlr
/// that release needs, and the look is an ldar.
///
/// On x86-64 a sequentially consistent store is a locked instruction, which would cost as much
/// again as all else. There the store is a release and the look is relaxed, and the processor may
/// read `sleepers` while the store still waits in its store buffer. A rank that counts itself
/// in that moment and still finds the old value sleeps without being woken. What that costs is the
/// rest of its sleep, since every sleep has a time limit: 100 us, as a store does not stay
/// in a store buffer for that long, so that a rank is overlooked in its first sleep only, see
/// wait_on; sleep_ns (200 ms) is the bound that does not depend on how processors are made. No
/// value is lost, and nobody hangs.
inline void store_and_wake(shared_word& word, std::uint32_t value, shared_word& sleepers) noexcept {
    using enum std::memory_order;
    word.store(value, wake_overlooks_nobody ? seq_cst : release);
    if (sleepers.load(wake_overlooks_nobody ? seq_cst : relaxed) != 0) futex_wake_all(word);
}

/// What this process owes others whatever it waits for, since it may wait in one team for a rank
/// that waits for it in another: called between tries of every wait. Returns whether there is any.
using duty = bool (*)() noexcept;
void set_duty(duty what) noexcept;

/// Does it, if there is one; whether to come back for more soon.
bool do_duty() noexcept;

/// How patient a wait is before it gives its core away, and before it sleeps.
struct patience {
    int spins = 200;             // some microseconds
    int yields = 2000;           // then this many offers of the core, to ranks that share it
    long sleep_ns = 200'000'000; // then sleep, waking this often for `slow`

    /// More ranks than cores: do not spin at all.
    static patience oversubscribed() { return {0, 50}; }
};

/// Between tries of a wait for what wakes nobody, such as a message: spins, then offers the core,
/// then, where ranks outnumber cores, sleeps 100 us a time. Elsewhere it stays awake: other nodes
/// may be waiting for this one's progress.
class pause {
public:
    explicit pause(bool oversubscribed) noexcept
        : pause(oversubscribed ? spins : 0, oversubscribed) {}

    /// For what comes piece by piece, which sleeping would hold up.
    static pause awake(bool oversubscribed) noexcept { return {oversubscribed ? spins : 0, false}; }

    /// Where nobody knows yet how many ranks there are: spins first, and sleeps in the end.
    static pause before_team() noexcept { return {0, true}; }

    void wait() noexcept;

    /// Whether spinning is over: time for other duties.
    bool is_slow() const noexcept { return tries_ >= spins; }

private:
    pause(int tries, bool may_sleep) noexcept : tries_(tries), may_sleep_(may_sleep) {}

    static constexpr int spins = 200, yields = 2000;
    int tries_;
    bool may_sleep_;
};

/// Counts a rank among the sleepers.
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

/// Waits until ready(word's value): spins, then yields, then sleeps on a futex.
/// `slow` is called between tries once spinning is over; it may throw to end the wait.
///
/// `ready` may look at other words as well, of which a wake can come too: there it loads with
/// memory_order_seq_cst, as this function loads `word`, so that store_and_wake's argument holds.
///
/// The first sleep is short, for what may be overlooked (see store_and_wake): a store that was on
/// its way when this rank counted itself has arrived at its end, and all later ones find it among
/// the sleepers.
template <class Ready, class Slow>
void wait_on(shared_word& word, shared_word& sleepers, const patience& how, Ready&& ready,
             Slow&& slow) {
    for (int i = 0; i <= how.spins; ++i) {
        if (ready(word.load(std::memory_order_acquire))) return;
        cpu_pause();
    }
    for (int i = 0; i < how.yields; ++i) {
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
