#include "combine.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace {

using nodespan::accumulate_op;
using nodespan::index_t;
using nodespan::detail::atomic_kernel;
using nodespan::detail::element_kind;
using nodespan::detail::kind_of;
using nodespan::detail::plain_kernel;
using nodespan::detail::run_kernel;
using nodespan::detail::scale_run;
using nodespan::detail::supports;

constexpr accumulate_op all_ops[] = {
    accumulate_op::sum,     accumulate_op::min,  accumulate_op::max, accumulate_op::prod,
    accumulate_op::replace, accumulate_op::fmin, accumulate_op::fmax};

template <class T>
constexpr bool is_complex =
    std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

// In 64 unsigned bits, whose low ones are right whatever the type; by nature for other numbers.
template <class T>
T times(T a, T b) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else
        return a * b;
}

template <class T>
T naive(accumulate_op op, T there, T comes) {
    if constexpr (!is_complex<T>) {
        if (op == accumulate_op::min || op == accumulate_op::fmin)
            return comes < there ? comes : there;
        if (op == accumulate_op::max || op == accumulate_op::fmax)
            return there < comes ? comes : there;
    }
    if (op == accumulate_op::prod) return times(there, comes);
    if (op == accumulate_op::replace) return comes;
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::uint64_t>(there) +
                              static_cast<std::uint64_t>(comes));
    else
        return there + comes;
}

// Any bits for integers, so that they overflow; small whole numbers else, so that results are
// exact.
template <class T>
T any(std::mt19937_64& random) {
    const auto small = [&] { return static_cast<double>(random() % 65) - 32; };
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(random());
    else if constexpr (is_complex<T>) {
        using part = typename T::value_type;
        const auto real = static_cast<part>(small());
        return {real, static_cast<part>(small())};
    } else
        return static_cast<T>(small());
}

template <class T>
std::vector<T> some(std::size_t count, std::mt19937_64& random) {
    std::vector<T> result(count);
    for (T& value : result) value = any<T>(random);
    return result;
}

template <class T>
std::byte* bytes(std::vector<T>& of) {
    return reinterpret_cast<std::byte*>(of.data());
}

template <class T>
class Combine : public testing::Test {};
using kinds = testing::Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                             std::uint16_t, std::uint32_t, std::uint64_t, float, double,
                             long double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(Combine, kinds);

// The kernel against the loop one would write, with steps of some elements, all else untouched.
template <class T>
void check_against_a_loop(run_kernel kernel, accumulate_op op, unsigned seed) {
    SCOPED_TRACE(testing::Message() << to_string(op) << ", seed " << seed);
    std::mt19937_64 random(seed);
    const std::size_t count = seed % 9 == 0 ? 0 : 1 + random() % 70;
    const std::size_t to_step = seed % 2 == 0 ? 1 : 1 + random() % 3;
    const std::size_t from_step = seed % 2 == 0 ? 1 : random() % 4; // 0: one value for all
    std::vector<T> to = some<T>(count * to_step + 2, random);
    std::vector<T> from = some<T>(count * from_step + 1, random);
    const T scale = any<T>(random);
    const bool is_scaled = seed % 3 != 0;
    std::vector<T> expected = to;
    for (std::size_t i = 0; i < count; ++i) {
        const T comes = from[i * from_step];
        T& there = expected[1 + i * to_step];
        there = naive(op, there, is_scaled ? times(scale, comes) : comes);
    }

    constexpr index_t size = sizeof(T);
    kernel(bytes(to) + size, static_cast<index_t>(to_step) * size, bytes(from),
           static_cast<index_t>(from_step) * size, static_cast<index_t>(count),
           is_scaled ? &scale : nullptr);

    EXPECT_EQ(to, expected);
}

TYPED_TEST(Combine, PlainKernelsDoWhatALoopWould) {
    for (const accumulate_op op : all_ops) {
        const run_kernel kernel = plain_kernel(kind_of<TypeParam>(), op);
        ASSERT_EQ(kernel != nullptr, supports(kind_of<TypeParam>(), op)) << to_string(op);
        for (unsigned seed = 0; kernel && seed < 60; ++seed)
            check_against_a_loop<TypeParam>(kernel, op, seed);
    }
}

TYPED_TEST(Combine, AtomicKernelsDoWhatALoopWould) {
    for (const accumulate_op op : all_ops) {
        const run_kernel kernel = atomic_kernel(kind_of<TypeParam>(), op);
        const bool is_possible = sizeof(TypeParam) <= 8 && supports(kind_of<TypeParam>(), op);
        ASSERT_EQ(kernel != nullptr, is_possible) << to_string(op);
        for (unsigned seed = 0; kernel && seed < 60; ++seed)
            check_against_a_loop<TypeParam>(kernel, op, seed);
    }
}

TYPED_TEST(Combine, ScalesIntoADenseRun) {
    std::mt19937_64 random(7);
    std::vector<TypeParam> from = some<TypeParam>(60, random), to = some<TypeParam>(21, random);
    const TypeParam scale = any<TypeParam>(random), guard = to[20];

    scale_run(kind_of<TypeParam>(), bytes(to), bytes(from), 3 * sizeof(TypeParam), 20, &scale);

    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(to[i], times(scale, from[3 * i])) << i;
    EXPECT_EQ(to[20], guard);
}

TEST(CombineKernels, OfUnknownElementsAreNone) {
    for (const accumulate_op op : all_ops) {
        EXPECT_EQ(plain_kernel(element_kind::other, op), nullptr);
        EXPECT_EQ(atomic_kernel(element_kind::other, op), nullptr);
    }
}

template <class T>
void check_overflow_wraps(T there, accumulate_op op, T comes, T expected) {
    for (const run_kernel kernel :
         {plain_kernel(kind_of<T>(), op), atomic_kernel(kind_of<T>(), op)}) {
        T value = there;
        kernel(reinterpret_cast<std::byte*>(&value), sizeof(T),
               reinterpret_cast<const std::byte*>(&comes), sizeof(T), 1, nullptr);
        EXPECT_EQ(value, expected);
    }
}

TEST(CombineKernels, WrapOnOverflow) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();

    check_overflow_wraps<std::int64_t>(most, accumulate_op::sum, 1, least);
    check_overflow_wraps<std::int64_t>(most, accumulate_op::prod, 2, -2);
    check_overflow_wraps<std::int32_t>(1 << 30, accumulate_op::sum, 1 << 30, -2147483647 - 1);
    check_overflow_wraps<std::uint16_t>(65535, accumulate_op::prod, 65535, 1);
    check_overflow_wraps<std::int8_t>(127, accumulate_op::sum, 1, -128);
    check_overflow_wraps<std::uint8_t>(255, accumulate_op::sum, 2, 1);
}

// Every pair of numbers, zeros of both signs, infinities and NaNs of both signs, at places that the
// vector loop and what is left over of it get.
template <class T>
void check_specials(run_kernel kernel, accumulate_op op, index_t step) {
    SCOPED_TRACE(testing::Message() << to_string(op) << ", step " << step);
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const T values[] = {1, -1, T(0.0), T(-0.0), inf, -inf, nan, -nan, 3};
    std::vector<T> there, comes;
    for (const T a : values)
        for (const T b : values) there.push_back(a), comes.push_back(b);
    std::vector<T> spread(there.size() * static_cast<std::size_t>(step));
    for (std::size_t i = 0; i < there.size(); ++i)
        spread[i * static_cast<std::size_t>(step)] = there[i];

    kernel(bytes(spread), step * static_cast<index_t>(sizeof(T)), bytes(comes), sizeof(T),
           static_cast<index_t>(there.size()), nullptr);

    const bool is_min = op == accumulate_op::min || op == accumulate_op::fmin;
    const bool passes_over = op == accumulate_op::fmin || op == accumulate_op::fmax;
    for (std::size_t i = 0; i < there.size(); ++i) {
        const T a = there[i], b = comes[i], got = spread[i * static_cast<std::size_t>(step)];
        SCOPED_TRACE(testing::Message() << a << " and " << b << " gave " << got);
        if (std::isnan(a) && std::isnan(b)) {
            EXPECT_TRUE(std::isnan(got));
        } else if (std::isnan(a) || std::isnan(b)) {
            EXPECT_EQ(std::isnan(got), !passes_over);
            if (passes_over) {
                EXPECT_EQ(got, std::isnan(a) ? b : a);
            }
        } else if (a == 0 && b == 0) {
            const bool has_negative = std::signbit(a) || std::signbit(b);
            const bool has_positive = !std::signbit(a) || !std::signbit(b);
            EXPECT_EQ(got, 0);
            EXPECT_EQ(std::signbit(got), is_min ? has_negative : !has_positive);
        } else {
            EXPECT_EQ(got, is_min ? std::min(a, b) : std::max(a, b));
        }
    }
}

template <class T>
class CombineFloats : public testing::Test {};
using float_kinds = testing::Types<float, double, long double>;
TYPED_TEST_SUITE(CombineFloats, float_kinds);

TYPED_TEST(CombineFloats, LetNansThroughUnderMinAndMaxAndPassThemOverUnderFminAndFmax) {
    using enum accumulate_op;
    for (const accumulate_op op : {min, max, fmin, fmax})
        for (const index_t step : {1, 2}) {
            check_specials<TypeParam>(plain_kernel(kind_of<TypeParam>(), op), op, step);
            if (sizeof(TypeParam) <= 8)
                check_specials<TypeParam>(atomic_kernel(kind_of<TypeParam>(), op), op, step);
        }
}

TYPED_TEST(CombineFloats, CombineALongRunAsOneByOne) {
    using enum accumulate_op;
    using T = TypeParam;
    std::mt19937_64 random(3);
    for (const accumulate_op op : {sum, prod, min, max, fmin, fmax})
        for (const std::size_t count : {0U, 1U, 63U, 64U, 127U, 128U, 129U, 1000U})
            for (const bool has_nan : {false, true}) {
                std::vector<T> from = some<T>(count, random);
                if (op == prod) std::fill(from.begin(), from.end(), T(1));
                if (has_nan && count > 0)
                    from[random() % count] = std::numeric_limits<T>::quiet_NaN();
                T expected = 5, got = 5;
                for (const T value : from)
                    plain_kernel(kind_of<T>(), op)(
                        reinterpret_cast<std::byte*>(&expected), sizeof(T),
                        reinterpret_cast<const std::byte*>(&value), sizeof(T), 1, nullptr);

                nodespan::detail::combine_all(kind_of<T>(), op, from.data(),
                                              static_cast<index_t>(count), &got);

                SCOPED_TRACE(testing::Message() << to_string(op) << " of " << count);
                EXPECT_EQ(std::isnan(got), std::isnan(expected));
                if (!std::isnan(expected)) {
                    EXPECT_EQ(got, expected);
                }
            }
}

TEST(CombineKernels, AddToANanWithoutHangingOnIt) {
    double there = std::numeric_limits<double>::quiet_NaN();
    const double comes = 1;

    atomic_kernel(element_kind::float64,
                  accumulate_op::sum)(reinterpret_cast<std::byte*>(&there), 8,
                                      reinterpret_cast<const std::byte*>(&comes), 8, 1, nullptr);

    EXPECT_TRUE(std::isnan(there));
}

// Runs work(0), work(1), ... in threads that all begin together.
template <class Work>
void at_once(int threads, Work work) {
    std::atomic<int> waiting{threads};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            --waiting;
            while (waiting > 0) std::this_thread::yield();
            work(t);
        });
    for (std::thread& thread : all) thread.join();
}

template <class T>
class AtomicCombine : public testing::Test {};
using small_kinds = testing::Types<std::int8_t, std::uint16_t, std::int32_t, std::int64_t, float,
                                   double, std::complex<float>>;
TYPED_TEST_SUITE(AtomicCombine, small_kinds);

TYPED_TEST(AtomicCombine, LosesNothingAmongThreadsAndOtherAtomics) {
    using T = TypeParam;
    constexpr int threads = 3, rounds = 4000;
    alignas(64) T elements[8] = {}; // neighbours must not be lost either
    const T ones[8] = {T(1), T(1), T(1), T(1), T(1), T(1), T(1), T(1)};
    const run_kernel add = atomic_kernel(kind_of<T>(), accumulate_op::sum);

    at_once(threads, [&](int t) {
        for (int r = 0; r < rounds; ++r) {
            if constexpr (!is_complex<T>)
                if (t == 0) {
                    for (T& element : elements) std::atomic_ref<T>(element).fetch_add(T(1));
                    continue;
                }
            add(reinterpret_cast<std::byte*>(elements), sizeof(T),
                reinterpret_cast<const std::byte*>(ones), sizeof(T), 8, nullptr);
        }
    });

    for (const T& element : elements) EXPECT_EQ(element, static_cast<T>(threads * rounds));
}

TEST(AtomicCombineKernels, OfThreadsLosesNoFactorAndNoExtreme) {
    constexpr int threads = 3, rounds = 3000;
    std::uint32_t product = 1;
    std::int32_t least = 0, most = 0;
    const auto one = [](accumulate_op op, auto& to, auto comes) {
        using T = decltype(comes);
        atomic_kernel(kind_of<T>(), op)(reinterpret_cast<std::byte*>(&to), sizeof(T),
                                        reinterpret_cast<const std::byte*>(&comes), sizeof(T), 1,
                                        nullptr);
    };

    at_once(threads, [&](int t) {
        for (std::int32_t r = 1; r <= rounds; ++r) {
            one(accumulate_op::prod, product, std::uint32_t{3});
            one(accumulate_op::min, least, -(r * threads + t));
            one(accumulate_op::max, most, r * threads + t);
        }
    });

    std::uint32_t expected = 1;
    for (int i = 0; i < threads * rounds; ++i) expected *= 3;
    EXPECT_EQ(product, expected);
    EXPECT_EQ(least, -(rounds * threads + threads - 1));
    EXPECT_EQ(most, rounds * threads + threads - 1);
}

TEST(AtomicCombineKernels, ReplacesWholeElements) {
    std::uint64_t element = 0;
    std::atomic<bool> is_torn{false};

    at_once(3, [&](int t) {
        const std::uint64_t all = t == 0 ? 0 : ~std::uint64_t{0};
        for (int r = 0; r < 20000; ++r) {
            atomic_kernel(element_kind::uint64, accumulate_op::replace)(
                reinterpret_cast<std::byte*>(&element), 8, reinterpret_cast<const std::byte*>(&all),
                8, 1, nullptr);
            const std::uint64_t seen = std::atomic_ref<std::uint64_t>(element).load();
            if (seen != 0 && seen != ~std::uint64_t{0}) is_torn = true;
        }
    });

    EXPECT_FALSE(is_torn);
}

} // namespace
