#pragma once

#include <algorithm>
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

/// Stores `value` and wakes sleepers. `sleepers` counts those who may sleep on this word.
inline void store_and_wake(shared_word& word, std::uint32_t value, shared_word& sleepers) noexcept {
    word.store(value, std::memory_order_seq_cst); // before the look at sleepers, see wait_on
    if (sleepers.load(std::memory_order_seq_cst) != 0) futex_wake_all(word);
}

/// What this process owes others whatever it waits for: called between tries of every wait. One for
/// the process, since it may wait in one team for a rank that waits for it in another. Null:
/// nothing.
using duty = void (*)() noexcept;
void set_duty(duty what) noexcept;

/// Does it; whether there is any.
bool do_duty() noexcept;

/// How patient a wait is before it gives its core away, and before it sleeps.
struct patience {
    int spins = 200;             // some microseconds
    int yields = 2000;           // then this many offers of the core, to ranks that share it
    long sleep_ns = 200'000'000; // then sleep, waking this often for `slow`

    /// More ranks than cores: do not spin at all.
    static patience crowded() { return {0, 50}; }
};

/// Waits until ready(word's value): spins, then yields, then sleeps on a futex.
/// `slow` is called between tries once spinning is over; it may throw to end the wait.
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
    for (;;) {
        const long sleep_ns = do_duty() ? std::min(how.sleep_ns, 100'000L) : how.sleep_ns;
        sleepers.fetch_add(1, std::memory_order_seq_cst); // before the look at word, see above
        const std::uint32_t seen = word.load(std::memory_order_seq_cst);
        if (!ready(seen)) futex_wait(word, seen, sleep_ns);
        sleepers.fetch_sub(1, std::memory_order_relaxed);
        if (ready(word.load(std::memory_order_acquire))) return;
        slow();
    }
}

} // namespace nodespan::detail
