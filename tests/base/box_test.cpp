#include <gtest/gtest.h>
#include <nodespan/box.hpp>

#include <array>
#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>
#include <vector>

namespace {

using nodespan::box;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::indices;

TEST(IndexList, HoldsAsManyValuesAsItWasGiven) {
    const index_list values = std::array<index_t, 3>{4, 5, 6};

    EXPECT_EQ(values.size(), 3U);
    EXPECT_EQ(values[2], 6);
    EXPECT_EQ(std::vector<index_t>(values.begin(), values.end()), (std::vector<index_t>{4, 5, 6}));
}

TEST(IndexList, RepeatsOneValue) {
    EXPECT_EQ(index_list(4, 7), index_list(std::array<index_t, 4>{7, 7, 7, 7}));
    EXPECT_EQ(index_list(6, 1).size(), 6U);
    EXPECT_EQ(index_list(0, 1).size(), 0U);
}

TEST(IndexList, ListsOfDifferentLengthDiffer) {
    EXPECT_NE(index_list(2, 0), index_list(3, 0));
    EXPECT_NE(index_list(2, 0), index_list(2, 1));
    EXPECT_EQ(index_list(), index_list(0, 9));
}

TEST(Indices, AreWhatAStdArrayIsInAllButTheirBraces) {
    constexpr indices<2> at{3, 4};
    const std::array<index_t, 2> as_array = at;
    const indices<2> back = as_array;
    const auto [i, j] = at;
    const auto sum = [](index_t a, index_t b) { return a + b; };

    static_assert(at[1] == 4 && at.size() == 2 && at < indices<2>{3, 5} && at != indices<2>{});
    static_assert(sizeof(at) == 2 * sizeof(index_t) && std::is_trivially_copyable_v<indices<2>>);
    static_assert(std::convertible_to<indices<2>, std::array<index_t, 2>>);
    EXPECT_EQ(back, at);
    EXPECT_EQ(as_array, at);
    EXPECT_EQ(i + j, 7);
    EXPECT_EQ(std::apply(sum, at), 7);
    EXPECT_EQ(index_list(at), index_list(as_array));
}

TEST(Indices, TakeAsManyNumbersAsThereAreDimensionsOrNone) {
    static_assert(std::constructible_from<indices<2>, int, int>);
    static_assert(!std::constructible_from<indices<2>, int>);
    static_assert(!std::constructible_from<indices<2>, int, int, int>);
    static_assert(!std::constructible_from<indices<2>, std::array<index_t, 3>>);
    static_assert(!std::constructible_from<box<2>, indices<2>>);

    EXPECT_EQ(indices<3>(), (indices<3>{0, 0, 0}));
    EXPECT_EQ(box<3>(), (box<3>{{0, 0, 0}, {0, 0, 0}}));
}

TEST(Box, CountsItsElements) {
    const box<3> b{{1, 2, 3}, {4, 6, 8}};

    EXPECT_EQ(b.size(), 3 * 4 * 5);
    EXPECT_EQ(b.extents(), (nodespan::indices<3>{3, 4, 5}));
    EXPECT_FALSE(b.empty());
}

TEST(Box, CountsMoreElementsThanFitIn32Bits) {
    const box<2> b{{0, 0}, {index_t{1} << 31, index_t{1} << 31}};

    EXPECT_EQ(b.size(), index_t{1} << 62);
}

TEST(Box, OfMoreElementsThanANumberHoldsCountsAsTheLargest) {
    constexpr index_t least = std::numeric_limits<index_t>::min();
    constexpr index_t most = std::numeric_limits<index_t>::max();

    EXPECT_EQ((box<2>{{0, 0}, {index_t{1} << 40, index_t{1} << 40}}.size()), most);
    EXPECT_EQ((box<1>{{least}, {most}}.size()), most);
    EXPECT_EQ((box<1>{{least}, {most}}.extents()[0]), most);
    EXPECT_EQ((box<3>{{0, 0, 7}, {most, most, 7}}.size()), 0);
}

TEST(Box, StridesOfALargeBlockAreNoLargerThanItsRows) {
    const nodespan::indices<2> extents{index_t{1} << 40, index_t{1} << 40};

    EXPECT_EQ(nodespan::row_major_strides(extents), (nodespan::indices<2>{index_t{1} << 40, 1}));
}

TEST(Box, IsEmptyWhereOneDimensionIs) {
    EXPECT_TRUE((box<2>{{0, 3}, {5, 3}}.empty()));
    EXPECT_EQ((box<2>{{0, 3}, {5, 3}}.size()), 0);
    EXPECT_TRUE(box<6>{}.empty());
}

TEST(Box, TurnedAroundIsEmptyAndNeverCountsBelowZero) {
    const box<2> b{{4, 4}, {2, 1}};

    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.size(), 0);
    EXPECT_EQ(b.extents(), (nodespan::indices<2>{0, 0}));
}

TEST(Box, ContainsItsFirstIndexAndNotItsEnd) {
    const box<2> b{{1, 2}, {3, 5}};

    EXPECT_TRUE(b.contains(nodespan::indices<2>{1, 2}));
    EXPECT_TRUE(b.contains(nodespan::indices<2>{2, 4}));
    EXPECT_FALSE(b.contains(nodespan::indices<2>{3, 2}));
    EXPECT_FALSE(b.contains(nodespan::indices<2>{1, 5}));
    EXPECT_FALSE(b.contains(nodespan::indices<2>{0, 2}));
}

TEST(Box, ContainsBoxesThatLieInside) {
    const box<2> b{{1, 2}, {3, 5}};

    EXPECT_TRUE(b.contains(b));
    EXPECT_TRUE(b.contains(box<2>{{1, 3}, {2, 4}}));
    EXPECT_FALSE(b.contains(box<2>{{0, 3}, {2, 4}}));
    EXPECT_FALSE(b.contains(box<2>{{1, 3}, {2, 6}}));
}

TEST(Box, ContainsEveryEmptyBox) {
    EXPECT_TRUE((box<1>{{3}, {4}}.contains(box<1>{{100}, {100}})));
    EXPECT_TRUE((box<1>{{3}, {3}}.contains(box<1>{{-5}, {-7}})));
}

TEST(Box, IntersectionHoldsWhatBothHold) {
    const box<2> a{{0, 0}, {5, 5}}, b{{2, -3}, {9, 4}};

    const box<2> both = a.intersection(b);

    EXPECT_EQ(both, (box<2>{{2, 0}, {5, 4}}));
    EXPECT_EQ(both, b.intersection(a));
}

TEST(Box, IntersectionOfDistantBoxesIsEmptyAndNotTurnedAround) {
    const box<1> both = box<1>{{0}, {3}}.intersection({{7}, {9}});

    EXPECT_TRUE(both.empty());
    EXPECT_GE(both.hi[0], both.lo[0]);
}

TEST(Box, IntersectionAgreesWithMembershipIndexByIndex) {
    using point = nodespan::indices<1>;
    for (index_t code = 0; code < 6 * 6 * 6 * 6; ++code) {
        const box<1> a{{code % 6}, {code / 6 % 6}}, b{{code / 36 % 6}, {code / 216}};
        for (index_t i = 0; i < 6; ++i)
            ASSERT_EQ(a.intersection(b).contains(point{i}),
                      a.contains(point{i}) && b.contains(point{i}))
                << "code " << code << ", index " << i;
    }
}

TEST(Box, KeepsItsValuesWithDimensionsKnownAtRunTime) {
    const box<3> b{{1, 2, 3}, {4, 6, 8}};

    const box<nodespan::dynamic_rank> loose = nodespan::to_dynamic(b);

    EXPECT_EQ(loose.size(), b.size());
    EXPECT_TRUE(loose.contains(std::array<index_t, 3>{3, 5, 7}));
    EXPECT_EQ(nodespan::to_static<3>(loose), b);
}

// Usable at compile time.
static_assert(box<2>{{0, 0}, {3, 4}}.size() == 12);
static_assert(box<2>{{0, 0}, {3, 4}}.intersection({{1, 1}, {9, 9}}).size() == 6);

TEST(RowMajorStrides, MakeTheLastDimensionContiguous) {
    EXPECT_EQ(nodespan::row_major_strides(nodespan::indices<3>{4, 5, 6}),
              (nodespan::indices<3>{30, 6, 1}));
    EXPECT_EQ(nodespan::row_major_strides(nodespan::indices<1>{9}), (nodespan::indices<1>{1}));
    EXPECT_EQ(nodespan::row_major_strides(index_list(std::array<index_t, 2>{7, 3})),
              index_list(std::array<index_t, 2>{3, 1}));
}

} // namespace
