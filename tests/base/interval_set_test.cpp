#include "interval_set.hpp"

#include "forked.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace {

using nodespan::detail::byte_range;
using nodespan::detail::interval_set;
using ranges = std::vector<std::pair<std::size_t, std::size_t>>;

ranges parts(const interval_set& set, byte_range within) {
    ranges result;
    set.for_each_in(within, [&](byte_range r) { result.emplace_back(r.begin, r.end); });
    return result;
}

ranges gaps(const interval_set& set, byte_range within) {
    ranges result;
    set.for_each_gap(within, [&](byte_range r) { result.emplace_back(r.begin, r.end); });
    return result;
}

TEST(IntervalSet, JoinsRangesThatTouchOrOverlap) {
    interval_set set;

    set.add({0, 4});
    set.add({8, 12});
    set.add({4, 9});

    EXPECT_EQ(parts(set, {0, 100}), (ranges{{0, 12}}));
    EXPECT_EQ(set.total(), 12U);
}

TEST(IntervalSet, RemovingTheMiddleLeavesBothEnds) {
    interval_set set;
    set.add({0, 10});

    set.remove({3, 6});

    EXPECT_EQ(parts(set, {0, 100}), (ranges{{0, 3}, {6, 10}}));
    EXPECT_EQ(set.total(), 7U);
}

TEST(IntervalSet, RemovesAllRangesThatItCovers) {
    interval_set set;
    set.add({0, 2});
    set.add({4, 6});
    set.add({8, 10});
    set.add({12, 14});

    set.remove({1, 13});

    EXPECT_EQ(parts(set, {0, 100}), (ranges{{0, 1}, {13, 14}}));
    EXPECT_EQ(set.total(), 2U);
}

TEST(IntervalSet, TellsTheGaps) {
    interval_set set;
    set.add({2, 4});
    set.add({6, 8});

    EXPECT_EQ(gaps(set, {0, 10}), (ranges{{0, 2}, {4, 6}, {8, 10}}));
    EXPECT_EQ(gaps(set, {3, 7}), (ranges{{4, 6}}));
    EXPECT_EQ(gaps(set, {2, 4}), ranges{});
}

TEST(IntervalSet, EmptyRangesChangeNothing) {
    interval_set set;
    set.add({4, 8});

    set.add({6, 6});
    set.add({20, 10});
    set.remove({5, 5});
    set.remove({7, 2});

    EXPECT_EQ(parts(set, {0, 100}), (ranges{{4, 8}}));
    EXPECT_EQ(parts(set, {6, 6}), ranges{});
}

TEST(IntervalSet, AgreesWithAMapOfBytes) {
    constexpr std::size_t bytes = 64;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        nodespan::test::random_numbers random(seed);
        interval_set set;
        std::vector<bool> expected(bytes, false);
        for (int step = 0; step < 200; ++step) {
            const auto a = static_cast<std::size_t>(random.below(bytes + 1));
            const auto b = a + static_cast<std::size_t>(random.below(12));
            const byte_range range{a, std::min(b, bytes)};
            const bool adds = random.below(2) == 0;

            adds ? set.add(range) : set.remove(range);
            for (std::size_t i = range.begin; i < range.end; ++i) expected[i] = adds;

            std::vector<bool> found(bytes, false), missing(bytes, false);
            for (const auto& [begin, end] : parts(set, {0, bytes}))
                for (std::size_t i = begin; i < end; ++i) found[i] = true;
            for (const auto& [begin, end] : gaps(set, {0, bytes}))
                for (std::size_t i = begin; i < end; ++i) missing[i] = true;
            missing.flip();
            ASSERT_EQ(found, expected) << "step " << step;
            ASSERT_EQ(missing, expected) << "step " << step;
            ASSERT_EQ(static_cast<long>(set.total()),
                      std::count(expected.begin(), expected.end(), true));
        }
    }
}

} // namespace
