#include "runs.hpp"

#include <cstdint>

// The atomic operations of programs compiled with -fsanitize=thread, which are calls there. All are
// done in the strictest order, and noted as atomic where they concern elements of arrays.

using nodespan::detail::race::deed;
using nodespan::detail::race::is_watched;
using nodespan::detail::race::op;
using nodespan::detail::race::touch_now;

namespace {

template <class T>
inline void note(const volatile T* at, const void* caller) {
    const auto begin = reinterpret_cast<std::uintptr_t>(at);
    if (is_watched(begin)) [[unlikely]]
        touch_now(begin, sizeof(T), deed{reinterpret_cast<std::uintptr_t>(caller), op::atomic});
}

} // namespace

// NOLINTBEGIN(bugprone-reserved-identifier)
#define NODESPAN_CALLER __builtin_extract_return_addr(__builtin_return_address(0))
#define NODESPAN_ENTRY extern "C" __attribute__((visibility("default")))

#define NODESPAN_FETCH(bits, T, name, builtin)                                                     \
    NODESPAN_ENTRY T __tsan_atomic##bits##_fetch_##name(volatile T* at, T value, int) {            \
        note(at, NODESPAN_CALLER);                                                                 \
        return builtin(at, value, __ATOMIC_SEQ_CST);                                               \
    }

#define NODESPAN_EXCHANGE(bits, T, strength, is_weak)                                              \
    NODESPAN_ENTRY int __tsan_atomic##bits##_compare_exchange_##strength(                          \
        volatile T* at, T* expected, T desired, int, int) {                                        \
        note(at, NODESPAN_CALLER);                                                                 \
        return __atomic_compare_exchange_n(at, expected, desired, is_weak, __ATOMIC_SEQ_CST,       \
                                           __ATOMIC_SEQ_CST);                                      \
    }

#define NODESPAN_ATOMICS(bits, T)                                                                  \
    NODESPAN_ENTRY T __tsan_atomic##bits##_load(const volatile T* at, int) {                       \
        note(at, NODESPAN_CALLER);                                                                 \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_atomic##bits##_store(volatile T* at, T value, int) {                \
        note(at, NODESPAN_CALLER);                                                                 \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                              \
    NODESPAN_ENTRY T __tsan_atomic##bits##_exchange(volatile T* at, T value, int) {                \
        note(at, NODESPAN_CALLER);                                                                 \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                   \
    }                                                                                              \
    NODESPAN_FETCH(bits, T, add, __atomic_fetch_add)                                               \
    NODESPAN_FETCH(bits, T, sub, __atomic_fetch_sub)                                               \
    NODESPAN_FETCH(bits, T, and, __atomic_fetch_and)                                               \
    NODESPAN_FETCH(bits, T, or, __atomic_fetch_or)                                                 \
    NODESPAN_FETCH(bits, T, xor, __atomic_fetch_xor)                                               \
    NODESPAN_FETCH(bits, T, nand, __atomic_fetch_nand)                                             \
    NODESPAN_EXCHANGE(bits, T, strong, false)                                                      \
    NODESPAN_EXCHANGE(bits, T, weak, true)                                                         \
    NODESPAN_ENTRY T __tsan_atomic##bits##_compare_exchange_val(volatile T* at, T expected,        \
                                                                T desired, int, int) {             \
        note(at, NODESPAN_CALLER);                                                                 \
        __atomic_compare_exchange_n(at, &expected, desired, false, __ATOMIC_SEQ_CST,               \
                                    __ATOMIC_SEQ_CST);                                             \
        return expected;                                                                           \
    }

NODESPAN_ATOMICS(8, std::uint8_t)
NODESPAN_ATOMICS(16, std::uint16_t)
NODESPAN_ATOMICS(32, std::uint32_t)
NODESPAN_ATOMICS(64, std::uint64_t)

NODESPAN_ENTRY void __tsan_atomic_thread_fence(int) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
NODESPAN_ENTRY void __tsan_atomic_signal_fence(int) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
// NOLINTEND(bugprone-reserved-identifier)
