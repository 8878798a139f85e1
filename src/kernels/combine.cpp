#include "combine.hpp"

#include "listed.hpp"
#include "race_hooks.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace nodespan::detail {
namespace {

// Signed overflow is undefined, also for int8 and int16, which are promoted to int. Unsigned
// numbers wrap, and convert back to signed ones as two's complement.
template <class T>
constexpr auto wrapping(T value) {
    if constexpr (!std::is_integral_v<T>)
        return value;
    else if constexpr (sizeof(T) < sizeof(unsigned))
        return static_cast<unsigned>(value);
    else
        return static_cast<std::make_unsigned_t<T>>(value);
}

template <class T>
constexpr T product(T a, T b) {
    return static_cast<T>(wrapping(a) * wrapping(b));
}

// The unsigned integer of a number's size.
template <class T>
using bits_of = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// IEEE 754's minimum and maximum without a branch, for loops in which processors work on several
// numbers at once. The processors' min(a, b) is b if one side is NaN or both are zero. So it is
// computed twice, with exchanged arguments. Either both results are equal, or they are a NaN and a
// number, or zeros of both signs; in the last two cases the right result is the bits of both
// together, or without the bits in which they differ.
template <class T>
constexpr T lower(T one, T other) {
    return std::bit_cast<T>(std::bit_cast<bits_of<T>>(one) | std::bit_cast<bits_of<T>>(other));
}
template <class T>
constexpr T higher(T one, T other) {
    const bits_of<T> a = std::bit_cast<bits_of<T>>(one), b = std::bit_cast<bits_of<T>>(other);
    return std::bit_cast<T>(a | b) - std::bit_cast<T>(a ^ b); // -0 - -0 is 0, and NaN stays NaN
}

template <class T>
constexpr T number_of(T value, T otherwise) {
    return value == value ? value : otherwise;
}

template <accumulate_op op, class T>
constexpr T extreme(T a, T b) {
    constexpr bool is_min = op == accumulate_op::min || op == accumulate_op::fmin;
    constexpr bool passes_over_nans = op == accumulate_op::fmin || op == accumulate_op::fmax;
    if constexpr (!is_min && std::is_same_v<T, long double>) {
        return -extreme < passes_over_nans ? accumulate_op::fmin : accumulate_op::min > (-a, -b);
    } else if constexpr (std::is_same_v<T, long double>) {
        if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == passes_over_nans ? b : a;
        return b < a || (a == b && std::signbit(b)) ? b : a;
    } else {
        const T one = is_min ? (a < b ? a : b) : (a < b ? b : a);
        const T other = is_min ? (b < a ? b : a) : (b < a ? a : b);
        if constexpr (std::is_integral_v<T>)
            return one;
        else if constexpr (passes_over_nans)
            return is_min ? lower(number_of(one, other), number_of(other, one))
                          : higher(number_of(one, other), number_of(other, one));
        else
            return is_min ? lower(one, other) : higher(one, other);
    }
}

template <accumulate_op op, class T>
constexpr T combined(T there, T comes) {
    if constexpr (op == accumulate_op::sum)
        return static_cast<T>(wrapping(there) + wrapping(comes));
    else if constexpr (op == accumulate_op::prod)
        return product(there, comes);
    else if constexpr (op != accumulate_op::replace)
        return extreme<op>(there, comes);
    else
        return comes;
}

// Calls f(to[i], from[i]). The dense loop is separate because it vectorises.
template <class T, class F>
void walk(std::byte* to, index_t to_step, const std::byte* from, index_t from_step, index_t count,
          const F& f) {
    constexpr index_t dense = sizeof(T);
    if (to_step == dense && from_step == dense) {
        T* const out = reinterpret_cast<T*>(to);
        const T* const in = reinterpret_cast<const T*>(from);
#pragma GCC unroll 4
        for (index_t i = 0; i < count; ++i) f(out[i], in[i]);
    } else {
        for (index_t i = 0; i < count; ++i, to += to_step, from += from_step)
            f(*reinterpret_cast<T*>(to), *reinterpret_cast<const T*>(from));
    }
}

// Calls f(to[i], scale * from[i]).
template <class T, class F>
void walk_scaled(std::byte* to, index_t to_step, const std::byte* from, index_t from_step,
                 index_t count, const void* scale, const F& f) {
    if (!scale) return walk<T>(to, to_step, from, from_step, count, f);
    const T factor = *static_cast<const T*>(scale);
    walk<T>(to, to_step, from, from_step, count,
            [&](T& there, const T& comes) { f(there, product(factor, comes)); });
}

template <class T, accumulate_op op>
void combine_plain(std::byte* to, index_t to_step, const std::byte* from, index_t from_step,
                   index_t count, const void* scale) {
    walk_scaled<T>(to, to_step, from, from_step, count, scale,
                   [](T& there, const T& comes) { there = combined<op>(there, comes); });
}

#if defined(__x86_64__) && defined(__GNUC__)
// The same for processors with registers twice as wide. Every element is computed by the same
// operations: this target has no fused ones, so the bits are the same.
#define NODESPAN_HAS_WIDE_KERNELS 1
template <class T, accumulate_op op>
__attribute__((target("avx2"), flatten)) void
combine_plain_wide(std::byte* to, index_t to_step, const std::byte* from, index_t from_step,
                   index_t count, const void* scale) {
    walk_scaled<T>(to, to_step, from, from_step, count, scale,
                   [](T& there, const T& comes) { there = combined<op>(there, comes); });
}
#endif

template <accumulate_op op, class T>
void combine_one_atomically(T& to, T comes) {
    constexpr auto order = std::memory_order_relaxed;
    const std::atomic_ref<T> element(to);
    if constexpr (op == accumulate_op::replace)
        element.store(comes, order);
    else if constexpr (op == accumulate_op::sum && std::is_integral_v<T>)
        element.fetch_add(comes, order);
    else { // compares bits, so that a NaN does not repeat it for ever
        T there = element.load(order), then{};
        do {
            then = combined<op>(there, comes);
            if constexpr (op != accumulate_op::sum && op != accumulate_op::prod)
                if (std::memcmp(&then, &there, sizeof(T)) == 0)
                    return; // without a write, other ranks keep the line in their caches
        } while (!element.compare_exchange_weak(there, then, order));
    }
}

template <class T, accumulate_op op>
void combine_atomically(std::byte* to, index_t to_step, const std::byte* from, index_t from_step,
                        index_t count, const void* scale) {
    walk_scaled<T>(to, to_step, from, from_step, count, scale,
                   [](T& there, const T& comes) { combine_one_atomically<op>(there, comes); });
}

struct plain {
    template <class T, accumulate_op op>
    static constexpr run_kernel kernel = combine_plain<T, op>;
};

#ifdef NODESPAN_HAS_WIDE_KERNELS
struct plain_wide {
    template <class T, accumulate_op op>
    static constexpr run_kernel kernel = combine_plain_wide<T, op>;
};
#endif

struct atomic {
    template <class T, accumulate_op op>
    static constexpr run_kernel kernel = combine_atomically<T, op>;
};

template <class How, class T>
run_kernel kernel_for(accumulate_op op) {
    using enum accumulate_op;
    if constexpr (supports(kind_of<T>(), min)) {
        if (op == min) return How::template kernel<T, min>;
        if (op == max) return How::template kernel<T, max>;
        if (op == fmin) return How::template kernel<T, fmin>;
        if (op == fmax) return How::template kernel<T, fmax>;
    }
    switch (op) {
    case sum:
        return How::template kernel<T, sum>;
    case prod:
        return How::template kernel<T, prod>;
    case replace:
        return How::template kernel<T, replace>;
    default:
        return nullptr;
    }
}

// f<T>() for the type of this kind; 0 or null for `other`.
template <class F>
auto with_type(element_kind kind, F f) {
    using enum element_kind;
    switch (kind) {
    case int8:
        return f.template operator()<std::int8_t>();
    case int16:
        return f.template operator()<std::int16_t>();
    case int32:
        return f.template operator()<std::int32_t>();
    case int64:
        return f.template operator()<std::int64_t>();
    case uint8:
        return f.template operator()<std::uint8_t>();
    case uint16:
        return f.template operator()<std::uint16_t>();
    case uint32:
        return f.template operator()<std::uint32_t>();
    case uint64:
        return f.template operator()<std::uint64_t>();
    case float32:
        return f.template operator()<float>();
    case float64:
        return f.template operator()<double>();
    case long_double:
        return f.template operator()<long double>();
    case complex_float32:
        return f.template operator()<std::complex<float>>();
    case complex_float64:
        return f.template operator()<std::complex<double>>();
    case other:
        break;
    }
    return decltype(f.template operator()<int>()){};
}

} // namespace

run_kernel plain_kernel(element_kind kind, accumulate_op op) noexcept {
#ifdef NODESPAN_HAS_WIDE_KERNELS
    if (__builtin_cpu_supports("avx2"))
        return with_type(kind, [op]<class T>() { return kernel_for<plain_wide, T>(op); });
#endif
    return with_type(kind, [op]<class T>() { return kernel_for<plain, T>(op); });
}

run_kernel atomic_kernel(element_kind kind, accumulate_op op) noexcept {
    return with_type(kind, [op]<class T>() -> run_kernel {
        if constexpr (sizeof(T) > 8)
            return nullptr;
        else {
            static_assert(std::atomic_ref<T>::is_always_lock_free,
                          "a lock inside the C++ library would not hold between processes");
            return kernel_for<atomic, T>(op);
        }
    });
}

listed_kernel add_listed(element_kind kind) noexcept {
    return with_type(kind, []<class T>() -> listed_kernel {
        return [](std::byte* block, const index_t* at, const std::byte* values, std::size_t count,
                  std::size_t) {
            T* const elements = reinterpret_cast<T*>(block);
            const T* const in = reinterpret_cast<const T*>(values);
            for (std::size_t i = 0; i < count; ++i)
                elements[at[i]] = combined<accumulate_op::sum>(elements[at[i]], in[i]);
        };
    });
}

void scale_run(element_kind kind, std::byte* to, const std::byte* from, index_t from_step,
               index_t count, const void* scale) noexcept {
    const run_kernel kernel = plain_kernel(kind, accumulate_op::replace);
    assert(kernel && "the kind must not be `other`");
    const auto step = with_type(kind, []<class T>() { return static_cast<index_t>(sizeof(T)); });
    kernel(to, step, from, from_step, count, scale);
}

// A hundred at a time, so that the kernel can combine several at once.
void combine_all(element_kind kind, accumulate_op op, const void* elements, index_t count,
                 void* result) noexcept {
    const run_kernel kernel = plain_kernel(kind, op);
    assert(kernel && "the kind must have the operation");
    with_type(kind, [&]<class T>() {
        race::reads(elements, static_cast<std::size_t>(count) * sizeof(T),
                    __builtin_return_address(0));
        constexpr std::size_t lane_bytes = 64 * sizeof(T);
        constexpr index_t width = 64, step = sizeof(T);
        const auto* const from = static_cast<const std::byte*>(elements);
        auto* const to = static_cast<std::byte*>(result);
        if (count < 2 * width) {
            kernel(to, 0, from, step, count, nullptr);
            return 0;
        }
        alignas(64) std::byte lanes[lane_bytes];
        std::memcpy(lanes, from, sizeof lanes);
        for (index_t at = width; at < count; at += width)
            kernel(lanes, step, from + at * step, step, std::min(width, count - at), nullptr);
        kernel(to, 0, lanes, step, width, nullptr);
        return 0;
    });
}

void combine_each(element_kind kind, accumulate_op op, const void* from, index_t count,
                  void* to) noexcept {
    const run_kernel kernel = plain_kernel(kind, op);
    assert(kernel && "the kind must have the operation");
    with_type(kind, [&]<class T>() {
        kernel(static_cast<std::byte*>(to), sizeof(T), static_cast<const std::byte*>(from),
               sizeof(T), count, nullptr);
        return 0;
    });
}

} // namespace nodespan::detail
