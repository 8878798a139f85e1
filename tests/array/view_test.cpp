#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/view.hpp>

#include <concepts>
#include <numeric>
#include <type_traits>
#include <vector>

namespace {

using nodespan::column_major;
using nodespan::index_t;
using nodespan::row_major;
using nodespan::strided;
using nodespan::view;
using testing::ElementsAre;

std::vector<int> counted(int count) {
    std::vector<int> values(static_cast<std::size_t>(count));
    std::iota(values.begin(), values.end(), 0);
    return values;
}

int sum(std::span<const int> values) {
    return std::accumulate(values.begin(), values.end(), 0);
}

TEST(View, ReadsRowMajorElementsByTheirIndices) {
    auto memory = counted(24);

    const view<int, 3> v(memory.data(), {2, 3, 4});

    EXPECT_EQ(v(0, 0, 0), 0);
    EXPECT_EQ(v(1, 2, 3), 23);
    EXPECT_EQ(v(1, 0, 2), 14);
    EXPECT_EQ((v[{0, 2, 1}]), 9);
    EXPECT_EQ(v.strides(), (nodespan::indices<3>{12, 4, 1}));
}

TEST(View, WritesThroughToTheMemoryBehindIt) {
    auto memory = counted(6);
    const view<int, 2> v(memory.data(), {2, 3});

    v(1, 1) = 40;
    v[{0, 2}] = 50;

    EXPECT_THAT(memory, ElementsAre(0, 1, 50, 3, 40, 5));
}

TEST(View, DescribesItselfInMdspansWords) {
    auto memory = counted(6);

    const view<int, 2> v(memory.data(), {2, 3});

    EXPECT_EQ(v.rank(), 2);
    EXPECT_EQ(v.extent(0), 2);
    EXPECT_EQ(v.extent(1), 3);
    EXPECT_EQ(v.stride(0), 3);
    EXPECT_EQ(v.stride(1), 1);
    EXPECT_EQ(v.size(), 6);
    EXPECT_EQ(v.data_handle(), memory.data());
    EXPECT_FALSE(v.empty());
}

TEST(View, FollowsStridesOverGaps) {
    auto memory = counted(20);

    const view<int, 2> v(memory.data() + 1, {3, 2}, {6, 1});

    EXPECT_EQ(v(0, 0), 1);
    EXPECT_EQ(v(2, 1), 14);
    EXPECT_FALSE(v.is_exhaustive());
}

TEST(View, StridedMayStepInTheLastDimension) {
    auto memory = counted(12);

    const view<int, 2, strided> columns(memory.data(), {4, 3}, {1, 4}); // a transposed matrix

    EXPECT_EQ(columns(3, 0), 3);
    EXPECT_EQ(columns(1, 2), 9);
    EXPECT_FALSE(columns.is_exhaustive());
}

TEST(View, RowTakesTheFirstDimensionAway) {
    auto memory = counted(24);
    const view<int, 3> v(memory.data(), {2, 3, 4});

    const view<int, 2> plane = v.row(1);
    const view<int, 1> line = plane.row(2);

    EXPECT_EQ(plane(0, 1), 13);
    EXPECT_THAT(line.span(), ElementsAre(20, 21, 22, 23));
}

TEST(View, ElementsOfARowHaveOneIndex) {
    std::vector<int> data{0, 1, 2, 10, 11, 12};
    const view<int, 2> rows(data.data(), {2, 3});
    const std::size_t last = 2;

    rows.row(1)[0] = 7;

    EXPECT_EQ(data[3], 7);
    EXPECT_EQ(rows.row(0)[last], 2);
    EXPECT_EQ(rows.column(1)[1], 11);
}

TEST(View, RowOfAPatchIsContiguousThoughThePatchIsNot) {
    auto memory = counted(20);
    const auto patch = view<int, 2>(memory.data(), {4, 5}).patch({{1, 1}, {3, 4}});

    const view<int, 1> line = patch.row(1);

    EXPECT_FALSE(patch.is_exhaustive());
    EXPECT_THAT(line.span(), ElementsAre(11, 12, 13));
}

TEST(View, RowOfAColumnViewKeepsItsStride) {
    auto memory = counted(12);
    const view<int, 2, strided> columns(memory.data(), {4, 3}, {1, 4});

    const view<int, 1, strided> line = columns.row(2);

    EXPECT_EQ(line.stride(0), 4);
    EXPECT_EQ(line(0), 2);
    EXPECT_EQ(line(2), 10);
}

TEST(View, ColumnMajorRunsDownTheColumns) {
    auto memory = counted(24);

    const view<int, 3, column_major> v(memory.data(), {2, 3, 4});

    EXPECT_EQ(v(1, 0, 0), 1);
    EXPECT_EQ(v(0, 1, 0), 2);
    EXPECT_EQ(v(0, 0, 1), 6);
    EXPECT_EQ(v(1, 2, 3), 23);
    EXPECT_EQ(v.strides(), (nodespan::indices<3>{1, 2, 6}));
    EXPECT_TRUE(v.is_exhaustive());
    EXPECT_EQ(v.span().size(), 24U);
}

TEST(View, ColumnMajorHasContiguousColumnsAndStridedRows) {
    auto memory = counted(12);
    const view<int, 2, column_major> v(memory.data(), {4, 3});

    const view<int, 1, column_major> column = v.column(1);
    const view<int, 1, strided> row = v.row(1);

    EXPECT_THAT(column.span(), ElementsAre(4, 5, 6, 7));
    EXPECT_THAT(std::vector<int>(column.begin(), column.end()), ElementsAre(4, 5, 6, 7));
    EXPECT_EQ(row.stride(0), 4);
    EXPECT_EQ(row(2), 9);
}

TEST(View, ColumnOfRowMajorElementsStepsOverTheRows) {
    auto memory = counted(24);
    const view<int, 3> v(memory.data(), {2, 3, 4});

    const view<int, 2, strided> column = v.column(1);

    EXPECT_EQ(column.extents(), (nodespan::indices<2>{2, 3}));
    EXPECT_EQ(column(1, 2), v(1, 2, 1));
}

TEST(View, PatchOfColumnMajorWithGapsIsNotContiguous) {
    auto memory = counted(20);
    const view<int, 2, column_major> v(memory.data(), {4, 5});

    const auto columns = v.patch({{0, 1}, {4, 3}});
    const auto rows = v.patch({{1, 0}, {3, 5}});

    EXPECT_TRUE(columns.is_exhaustive());
    EXPECT_EQ(columns.span().front(), 4);
    EXPECT_FALSE(rows.is_exhaustive());
    EXPECT_EQ(rows(1, 4), v(2, 4));
    EXPECT_THROW(static_cast<void>(rows.span()), nodespan::error);
}

TEST(View, TransposedHasTheSameElementsByReversedIndices) {
    auto memory = counted(24);
    const view<int, 3> v(memory.data(), {2, 3, 4});

    const view<int, 3, column_major> turned = v.transposed();
    const view<int, 3, strided> any = turned;

    EXPECT_EQ(turned.extents(), (nodespan::indices<3>{4, 3, 2}));
    EXPECT_EQ(turned(3, 1, 0), v(0, 1, 3));
    EXPECT_EQ(any(3, 1, 0), v(0, 1, 3));
    EXPECT_EQ(&turned.transposed()(1, 2, 3), &v(1, 2, 3));
}

TEST(View, PatchCountsItsIndicesFromItsOwnCorner) {
    auto memory = counted(60);
    const view<int, 3> v(memory.data(), {3, 4, 5});

    const auto patch = v.patch({{1, 1, 2}, {3, 3, 5}});
    const auto inner = patch.patch({{1, 0, 1}, {2, 2, 3}});

    EXPECT_EQ(patch.extents(), (nodespan::indices<3>{2, 2, 3}));
    EXPECT_EQ(patch(0, 0, 0), v(1, 1, 2));
    EXPECT_EQ(patch(1, 1, 2), v(2, 2, 4));
    EXPECT_EQ(inner(0, 1, 1), v(2, 2, 4));
}

TEST(View, PatchOfWholeRowsIsStillContiguous) {
    auto memory = counted(20);

    const auto rows = view<int, 2>(memory.data(), {4, 5}).patch({{1, 0}, {3, 5}});

    EXPECT_TRUE(rows.is_exhaustive());
    EXPECT_EQ(rows.span().front(), 5);
    EXPECT_EQ(rows.span().back(), 14);
}

TEST(View, PatchOfOneRowIsContiguousWhateverItsWidth) {
    auto memory = counted(20);

    const auto piece = view<int, 2>(memory.data(), {4, 5}).patch({{2, 1}, {3, 4}});

    EXPECT_THAT(piece.span(), ElementsAre(11, 12, 13));
}

TEST(View, EmptyPatchAtTheEndHasNoElements) {
    auto memory = counted(20);

    const auto nothing = view<int, 2>(memory.data(), {4, 5}).patch({{4, 5}, {4, 5}});

    EXPECT_TRUE(nothing.empty());
    EXPECT_TRUE(nothing.span().empty());
}

TEST(View, SpanRefusesGaps) {
    auto memory = counted(20);
    const auto patch = view<int, 2>(memory.data(), {4, 5}).patch({{0, 0}, {2, 4}});

    try {
        static_cast<void>(patch.span());
        FAIL() << "a span over gaps";
    } catch (const nodespan::error& refused) {
        EXPECT_EQ(refused.code(), nodespan::errc::invalid_argument);
        EXPECT_THAT(refused.what(), testing::HasSubstr("view::span()"));
    }
    EXPECT_THROW(static_cast<void>(static_cast<std::span<int>>(patch)), nodespan::error);
}

TEST(View, SpanOfAColumnIsRefused) {
    auto memory = counted(12);
    const view<int, 1, strided> column(memory.data(), {3}, {4});

    EXPECT_THROW(static_cast<void>(column.span()), nodespan::error);
}

TEST(View, BecomesASpanWhereAFunctionWantsOne) {
    auto memory = counted(6);
    const view<int, 2> v(memory.data(), {2, 3});

    const std::span<int> all = v;
    const view<const int, 2> readable = v;

    EXPECT_EQ(all.size(), 6U);
    EXPECT_EQ(all.data(), memory.data());
    EXPECT_EQ(sum(readable), 15);
}

TEST(View, OneDimensionBecomesASpanWhereAFunctionWantsOne) {
    auto memory = counted(5);
    const view<int, 1> v(memory.data(), {5});
    const view<const int, 1> readable = v;

    const std::span<int> all = v;

    EXPECT_EQ(all.size(), 5U);
    EXPECT_EQ(sum(readable), 10);
    EXPECT_EQ(sum(v), 10);
}

TEST(View, OneDimensionIsARange) {
    auto memory = counted(5);
    const view<int, 1> v(memory.data() + 1, {3});

    int total = 0;
    for (const int value : v) total += value;

    EXPECT_EQ(total, 6);
    EXPECT_EQ(v.end() - v.begin(), 3);
}

TEST(View, ConvertsToConstAndToStridedAndNotBack) {
    auto memory = counted(6);
    const view<int, 2> v(memory.data(), {2, 3});

    const view<const int, 2> readable = v;
    const view<const int, 2, strided> loose = v;

    EXPECT_EQ(readable(1, 2), 5);
    EXPECT_EQ(loose(1, 2), 5);
    EXPECT_EQ(loose.strides(), v.strides());
}
static_assert(!std::convertible_to<view<const int, 2>, view<int, 2>>);
static_assert(!std::convertible_to<view<int, 2, strided>, view<int, 2, row_major>>);
static_assert(!std::convertible_to<view<int, 2>, view<int, 3>>);
static_assert(!std::convertible_to<view<int, 2>, view<long, 2>>);
static_assert(std::same_as<decltype(std::declval<view<const int, 2>>()(0, 0)), const int&>);
static_assert(std::same_as<decltype(std::declval<const view<int, 2>>()(0, 0)), int&>);
static_assert(std::same_as<view<const int, 1>::value_type, int>);
static_assert(std::is_trivially_copyable_v<view<double, 6>>);

TEST(View, DefaultIsEmpty) {
    const view<int, 4> v;

    EXPECT_TRUE(v.empty());
    EXPECT_EQ(v.size(), 0);
    EXPECT_TRUE(v.span().empty());
}

TEST(View, EmptyInOneDimensionIsEmptyAndHasNoGaps) {
    const view<int, 3> v(nullptr, {4, 0, 5}, {100, 7, 1});

    EXPECT_TRUE(v.empty());
    EXPECT_TRUE(v.is_exhaustive());
    EXPECT_TRUE(v.span().empty());
}

template <int N>
void expect_every_element_at_its_place() {
    SCOPED_TRACE(N);
    nodespan::indices<N> extents{};
    index_t count = 1;
    for (int d = 0; d < N; ++d) count *= extents[static_cast<std::size_t>(d)] = 2 + d % 2;
    auto memory = counted(static_cast<int>(count));
    const view<int, N> v(memory.data(), extents);

    nodespan::indices<N> at{};
    for (index_t i = 0; i < count; ++i) {
        ASSERT_EQ(v[at], i);
        for (std::size_t d = N; d-- > 0;) {
            if (++at[d] < extents[d]) break;
            at[d] = 0;
        }
    }
    EXPECT_EQ(v.size(), count);
    EXPECT_TRUE(v.is_exhaustive());
}

TEST(View, NumbersElementsRowMajorInOneToSixDimensions) {
    expect_every_element_at_its_place<1>();
    expect_every_element_at_its_place<2>();
    expect_every_element_at_its_place<3>();
    expect_every_element_at_its_place<4>();
    expect_every_element_at_its_place<5>();
    expect_every_element_at_its_place<6>();
}

} // namespace
