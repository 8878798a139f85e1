// Sorting over all cuts, against what std::stable_sort gives in one rank.

#include <nodespan/creation.hpp>
#include <nodespan/error.hpp>
#include <nodespan/sort.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

// Primes, one element, none, fewer than ranks, and enough for the way by bytes.
const std::vector<index_t> sizes = {0, 1, 31, 1009};

// Cut evenly, and so that the first rank has nothing and the last one most.
std::vector<array_options> cuts_of(const team& everyone, index_t size) {
    std::vector<index_t> cuts(static_cast<std::size_t>(everyone.size()), 0);
    for (std::size_t i = 2; i < cuts.size(); ++i)
        cuts[i] = std::min(size, cuts[i - 1] + static_cast<index_t>(i) % 3);
    cuts.push_back(size);
    return {{.ghosts = {.width = {2}}}, {.distribution = {.cuts = {cuts}}}};
}

template <class T>
array<T, 1> of(const team& everyone, const std::vector<T>& elements, const array_options& how) {
    array<T, 1> result(everyone, {static_cast<index_t>(elements.size())}, how);
    const view<T, 1> mine = result.local();
    std::copy_n(elements.begin() + result.rank_box().lo[0], mine.size(), mine.begin());
    return result;
}

// Whether my share is that of the expected whole, bit by bit.
template <class T>
bool is_share_of(const array<T, 1>& field, const std::vector<T>& expected) {
    const view<const T, 1> mine = field.local();
    return mine.empty() || std::memcmp(mine.data_handle(),
                                       &expected[static_cast<std::size_t>(field.rank_box().lo[0])],
                                       sizeof(T) * static_cast<std::size_t>(mine.size())) == 0;
}

template <class T, class Less>
void expect_sorted(const std::vector<T>& elements, Less less) {
    team everyone(MPI_COMM_WORLD);
    std::vector<T> expected = elements;
    std::stable_sort(expected.begin(), expected.end(), less);
    for (const array_options& how : cuts_of(everyone, static_cast<index_t>(elements.size()))) {
        array<T, 1> field = of(everyone, elements, how);

        nodespan::sort(field, less);

        EXPECT_TRUE(is_share_of(field, expected)) << elements.size() << " elements";
    }
}

// What std::stable_sort is given must order NaNs and zeros without nodespan's own arithmetic.
struct plain_ascending {
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return a < b || (b != b && a == a);
    }
};

template <class T>
void expect_both_orders(const std::vector<T>& elements) {
    team everyone(MPI_COMM_WORLD);
    std::vector<T> up = elements, down = elements;
    std::stable_sort(up.begin(), up.end(), plain_ascending());
    std::stable_sort(down.begin(), down.end(),
                     [](const T& a, const T& b) { return a > b || (b != b && a == a); });
    for (const array_options& how : cuts_of(everyone, static_cast<index_t>(elements.size()))) {
        array<T, 1> first = of(everyone, elements, how), second = of(everyone, elements, how);

        nodespan::sort(first);
        nodespan::sort(second, descending());

        EXPECT_TRUE(is_share_of(first, up)) << elements.size() << " elements";
        EXPECT_TRUE(is_share_of(second, down)) << elements.size() << " elements";
    }
}

template <class T>
class SortOf : public testing::Test {};
using numbers = testing::Types<bool, signed char, std::uint8_t, std::int16_t, std::uint16_t, int,
                               unsigned, std::int64_t, std::uint64_t, float, double>;
TYPED_TEST_SUITE(SortOf, numbers);

TYPED_TEST(SortOf, NumbersIsStableSortWhateverTheCut) {
    std::mt19937_64 random(7);
    for (const index_t size : {1009}) {
        std::vector<TypeParam> elements(static_cast<std::size_t>(size));
        for (auto&& element : elements) // NOLINT: bool has no references
            if constexpr (std::is_floating_point_v<TypeParam>)
                element =
                    static_cast<TypeParam>(std::ldexp(static_cast<double>(random() % 2001) - 1000,
                                                      static_cast<int>(random() % 40) - 20));
            else
                element = static_cast<TypeParam>(random());
        if constexpr (!std::is_same_v<TypeParam, bool>) expect_both_orders(elements);
        if constexpr (std::is_same_v<TypeParam, bool>) {
            team everyone(MPI_COMM_WORLD);
            array<bool, 1> field(everyone, {size});
            for (index_t i = 0; i < field.local().size(); ++i)
                field.local()(i) = elements[static_cast<std::size_t>(field.rank_box().lo[0] + i)];
            nodespan::sort(field);
            std::sort(elements.begin(), elements.end());
            for (index_t i = 0; i < field.local().size(); ++i)
                EXPECT_EQ(field.local()(i),
                          elements[static_cast<std::size_t>(field.rank_box().lo[0] + i)]);
        }
    }
}

// NaNs with signs and payloads, infinities, zeros of both signs: in NumPy's order, stably.
TEST(Sort, PutsNanLastAndKeepsTheOrderOfZerosAndNans) {
    using limits = std::numeric_limits<double>;
    const double nan = limits::quiet_NaN();
    const std::vector<double> odd = {nan,
                                     -nan,
                                     0.0,
                                     -0.0,
                                     limits::infinity(),
                                     -limits::infinity(),
                                     std::nan("7"),
                                     1.0,
                                     -1.0,
                                     limits::denorm_min()};
    for (const std::size_t size : {7U, 10U, 997U}) {
        std::vector<double> elements;
        for (std::size_t i = 0; i < size; ++i)
            elements.push_back(odd[(i * 7 + i / 5) % odd.size()]);
        expect_both_orders(elements);
    }
}

TEST(Sort, TakesAnyComparisonAndIsStable) {
    struct item {
        int key, place;
    };
    for (const index_t size : sizes) {
        std::vector<item> elements;
        for (int i = 0; i < size; ++i) elements.push_back({i * 37 % 11, i});
        expect_sorted(elements, [](const item& a, const item& b) { return a.key < b.key; });
        expect_sorted(elements, [](const item& a, const item& b) { return a.key > b.key; });
    }
    std::vector<long double> wide;
    for (int i = 0; i < 301; ++i) wide.push_back(i % 7 == 0 ? std::nanl("") : i * 71 % 101);
    team everyone(MPI_COMM_WORLD);
    array<long double, 1> field(everyone, {301});
    for (index_t i = 0; i < field.local().size(); ++i)
        field.local()(i) = wide[static_cast<std::size_t>(field.rank_box().lo[0] + i)];
    nodespan::sort(field);
    std::stable_sort(wide.begin(), wide.end(), plain_ascending());
    for (index_t i = 0; i < field.local().size(); ++i) {
        const long double expected = wide[static_cast<std::size_t>(field.rank_box().lo[0] + i)];
        EXPECT_TRUE(field.local()(i) == expected || expected != expected);
    }
}

// Sorted already, backwards, all the same, and a few values often: where splitters are hard.
TEST(Sort, FindsTheSharesAmongSortedAndEqualElements) {
    for (const index_t size : {5, 1009}) {
        std::vector<int> up, down, same, few;
        for (int i = 0; i < size; ++i) {
            up.push_back(i);
            down.push_back(static_cast<int>(size) - i);
            same.push_back(4);
            few.push_back(i % 2);
        }
        for (const auto& elements : {up, down, same, few}) {
            expect_both_orders(elements);
            expect_sorted(elements, [](int a, int b) { return a < b; });
        }
    }
}

TEST(Sort, MovesValuesAlongWithTheirKeys) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t size : sizes)
        for (const array_options& how : cuts_of(everyone, size)) {
            std::vector<double> keys;
            std::vector<int> places;
            for (int i = 0; i < size; ++i) {
                keys.push_back(i % 13 == 0 ? std::nan("") : i * 37 % 101);
                places.push_back(i);
            }
            array<double, 1> first = of(everyone, keys, how);
            array<int, 1> second = of(everyone, places, how);

            nodespan::sort(first, second);

            std::stable_sort(places.begin(), places.end(), [&](int a, int b) {
                return plain_ascending()(keys[static_cast<std::size_t>(a)],
                                         keys[static_cast<std::size_t>(b)]);
            });
            std::stable_sort(keys.begin(), keys.end(), plain_ascending());
            EXPECT_TRUE(is_share_of(first, keys));
            EXPECT_TRUE(is_share_of(second, places));
        }
}

// So many that ranks of other nodes are asked, and do not send all that they have.
TEST(Sort, AsksOtherNodesWhereTheSharesAreIfThereIsMuch) {
    std::vector<int> elements, same;
    for (int i = 0; i < 70'001; ++i) {
        elements.push_back(static_cast<int>(i * std::int64_t{7919} % 70'001));
        same.push_back(i / 60'000);
    }
    expect_both_orders(elements);
    expect_both_orders(same);
}

// What other ranks have put before the call is sorted, and they see the result behind it.
TEST(Sort, EndsAnEpochBeforeAndBehind) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> field(everyone, {101});
    if (everyone.rank() == everyone.size() - 1)
        for (int i = 0; i < 101; ++i) field.put({i}, 100 - i);

    nodespan::sort(field);

    const std::vector<int> all = to_vector(field);
    for (int i = 0; i < 101; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
}

TEST(Sort, WhatDoesNotFitIsAnErrorOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> keys(everyone, {50}), more(everyone, {51}), values(everyone, {50});
    EXPECT_EQ(caught([&] { nodespan::sort(keys, more); }).code, errc::invalid_argument);
    if (everyone.size() > 1) {
        array<int, 1>& mine = everyone.rank() == 0 ? more : keys;
        const caught_error other = caught([&] { nodespan::sort(mine); });
        EXPECT_EQ(other.code, errc::mismatched_arguments);
        EXPECT_TRUE(other.collective);

        std::vector<index_t> cuts(static_cast<std::size_t>(everyone.size()), 0);
        cuts.push_back(50);
        array<int, 1> last(everyone, {50}, {.distribution = {.cuts = {cuts}}});
        EXPECT_EQ(caught([&] { nodespan::sort(keys, last); }).code, errc::invalid_argument);
    }
    nodespan::sort(keys, values); // the team lives on
}

// On whichever rank, while runs are sorted, splitters looked for, or runs merged.
TEST(Sort, AComparisonThatThrowsEndsTheCallOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    for (const int thrower : {0, everyone.size() - 1})
        for (const int after : {0, 150, 1000, 1150}) {
            array<int, 1> keys(everyone, {211}), values(everyone, {211});
            for (index_t i = 0; i < keys.local().size(); ++i)
                keys.local()(i) = static_cast<int>((keys.rank_box().lo[0] + i) * 37 % 211);
            keys.fence();
            const std::vector<int> before = to_vector(keys);
            int calls = 0;
            const auto less = [&](int a, int b) {
                if (everyone.rank() == thrower && calls++ >= after)
                    throw std::runtime_error("no more");
                return a < b;
            };

            bool is_thrown = false;
            errc code{};
            try {
                nodespan::sort(keys, values, less);
            } catch (const error& failure) {
                code = static_cast<errc>(failure.code().value());
            } catch (const std::runtime_error&) {
                is_thrown = true;
            }

            const bool somewhere = all_reduce(everyone, is_thrown ? 1 : 0) > 0;
            EXPECT_TRUE(!somewhere || is_thrown || code == errc::peer_lost);
            EXPECT_TRUE(after > 0 || somewhere);
            if (somewhere) {
                EXPECT_EQ(to_vector(keys), before);
            }
            keys.fence();
        }
}

TEST(Sort, AComparisonThatIsNoOrderIsSafe) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> field(everyone, {499});
    for (index_t i = 0; i < field.local().size(); ++i)
        field.local()(i) = static_cast<int>((field.rank_box().lo[0] + i) * 37 % 499);

    const caught_error end = caught(
        [&] { nodespan::sort(field, [](int a, int b) { return (b - a + 499 * 3) % 3 == 1; }); });

    if (end.code) {
        EXPECT_THAT(end.text, testing::AnyOf(testing::HasSubstr("no strict weak order"),
                                             testing::HasSubstr("failed on rank")));
    }
    field.fence();
}

} // namespace
