#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/algorithm.hpp>
#include <nodespan/column_major.hpp>
#include <nodespan/team.hpp>

#include <vector>

namespace {

using namespace nodespan;
using testing::HasSubstr;

class ColumnMajor : public testing::Test {
protected:
    team everyone{MPI_COMM_WORLD};
};

double value_at(const indices<3>& at) {
    return static_cast<double>(at[0] + 100 * at[1] + 10'000 * at[2]);
}

// Every rank writes its own elements by their indices.
void number(array<double, 3, column_major>& field) {
    const box<3> mine = field.rank_box();
    test::for_each_index(mine, [&](const indices<3>& at) {
        field.local()[{at[0] - mine.lo[0], at[1] - mine.lo[1], at[2] - mine.lo[2]}] = value_at(at);
    });
    field.fence();
}

TEST_F(ColumnMajor, GivesRanksWholeColumnsOneAfterTheOther) {
    const index_t columns = 3 * everyone.size() + 1;

    array<int, 2, column_major> field(everyone, {5, columns});

    EXPECT_EQ(field.extents(), (indices<2>{5, columns}));
    EXPECT_EQ(field.rank_box().lo[0], 0);
    EXPECT_EQ(field.rank_box().hi[0], 5);
    EXPECT_EQ(field.local().extents(), field.rank_box().extents());
    EXPECT_TRUE(field.local().is_exhaustive());
    EXPECT_EQ(field.node().stride(0), 1);
    EXPECT_EQ(field.node().stride(1), 5);
    index_t all = 0;
    for (int r = 0; r < everyone.size(); ++r) all += field.rank_box_of(r).size();
    EXPECT_EQ(all, 5 * columns);
}

TEST_F(ColumnMajor, EveryRankFindsEveryElementByItsIndices) {
    array<double, 3, column_major> field(everyone, {4, 3, 9});
    number(field);

    std::vector<double> all(4 * 3 * 9), expected;
    field.get({{}, {4, 3, 9}}, all);
    for (index_t k = 0; k < 9; ++k)
        for (index_t j = 0; j < 3; ++j)
            for (index_t i = 0; i < 4; ++i) expected.push_back(value_at({i, j, k}));

    EXPECT_EQ(all, expected);
    EXPECT_EQ(field.get({3, 1, 8}), value_at({3, 1, 8}));
    test::for_each_index(field.node_box(), [&](const indices<3>& at) {
        EXPECT_EQ(field(at[0], at[1], at[2]), value_at(at));
        EXPECT_EQ(&field(at[0], at[1], at[2]), &field.transposed()(at[2], at[1], at[0]));
        EXPECT_EQ(field.owner_node(at), everyone.node());
    });
}

TEST_F(ColumnMajor, MovesPatchesToAndFromViewsOfEveryLayout) {
    array<double, 3, column_major> field(everyone, {4, 3, 9});
    number(field);
    const box<3> patch{{1, 0, 2}, {3, 3, 8}};
    std::vector<double> rows(36), columns(36);

    field.get(patch, view<double, 3>(rows.data(), patch.extents()));
    field.get(patch, view<double, 3, column_major>(columns.data(), patch.extents()));
    everyone.fence();
    if (everyone.rank() == everyone.size() - 1) {
        for (double& x : rows) x = -x;
        field.put(patch, view<const double, 3>(rows.data(), patch.extents()));
    }
    everyone.fence();

    const view<double, 3> by_rows(rows.data(), patch.extents());
    const view<double, 3, column_major> by_columns(columns.data(), patch.extents());
    test::for_each_index(patch, [&](const indices<3>& at) {
        const indices<3> inside{at[0] - 1, at[1], at[2] - 2};
        EXPECT_EQ(by_columns[inside], value_at(at));
        EXPECT_EQ(std::abs(by_rows[inside]), value_at(at));
        EXPECT_EQ(field.get(at), -value_at(at));
    });
    EXPECT_EQ(field.get({0, 0, 2}), value_at({0, 0, 2}));
}

TEST_F(ColumnMajor, CombinesInOneStep) {
    array<index_t, 2, column_major> field(everyone, {3, 4});
    const std::vector<index_t> ones(6, 1);

    field.accumulate({{1, 0}, {3, 3}}, ones);
    field.fetch_add({0, 3}, 5);
    field.fence();

    EXPECT_EQ(field.get({2, 2}), everyone.size());
    EXPECT_EQ(field.get({0, 2}), 0);
    EXPECT_EQ(field.get({0, 3}), 5 * everyone.size());
}

TEST_F(ColumnMajor, IsCutAndGivenGhostsByItsOwnDimensions) {
    array_options options;
    options.ghosts = {.width = {0, 2}, .periodic = {false, true}};
    array<double, 2, column_major> field(everyone, {3, 4 * everyone.size()}, options);
    const box<2> mine = field.rank_box();
    for (index_t j = mine.lo[1]; j < mine.hi[1]; ++j)
        for (index_t i = 0; i < 3; ++i) field(i, j) = static_cast<double>(10 * j + i);

    field.exchange_ghosts();

    const box<2> stored = field.node_box_with_ghosts();
    const auto around = field.node_with_ghosts();
    EXPECT_EQ(stored.lo[0], 0);
    EXPECT_EQ(stored.lo[1], field.node_box().lo[1] - 2);
    const index_t before = (stored.lo[1] + field.extent(1)) % field.extent(1);
    EXPECT_EQ(around(2, 0), static_cast<double>(10 * before + 2));
    EXPECT_EQ(field.options().ghosts.width, options.ghosts.width);
}

TEST_F(ColumnMajor, AlgorithmsWorkOnItTransposed) {
    array<double, 2, column_major> field(everyone, {5, 6});

    fill(field.transposed(), 2.0);

    EXPECT_EQ(sum(field.transposed()), 60.0);
}

TEST_F(ColumnMajor, CopyKeepsTheIndicesAndChangesTheOrder) {
    array<double, 3, column_major> columns(everyone, {4, 3, 9});
    array<double, 3> rows(everyone, {4, 3, 9});
    array<double, 3, column_major> back(everyone, {4, 3, 9});
    number(columns);

    copy(columns, rows);
    rows.fence();
    copy(rows, back);
    back.fence();

    test::for_each_index(rows.node_box(), [&](const indices<3>& at) {
        EXPECT_EQ(rows(at[0], at[1], at[2]), value_at(at));
    });
    test::for_each_index(back.node_box(), [&](const indices<3>& at) {
        EXPECT_EQ(back(at[0], at[1], at[2]), value_at(at));
    });
}

TEST_F(ColumnMajor, MessagesHaveTheIndicesThatWereGiven) {
    array<double, 2, column_major> field(everyone, {3, 40}, {.name = "wide"});
    std::vector<double> room(2);

    const auto element = test::caught([&] { (void)field.get({3, 1}); });
    const auto patch = test::caught([&] { field.get({{1, 39}, {2, 41}}, room); });

    EXPECT_EQ(element.code, errc::out_of_range);
    EXPECT_THAT(element.text, HasSubstr("array<double,2,column_major> \"wide\"::get({3, 1})"));
    EXPECT_THAT(element.text, HasSubstr("{3, 40}"));
    EXPECT_THAT(patch.text, HasSubstr("get([{1, 39}, {2, 41}))"));
}

TEST_F(ColumnMajor, OrdersThatDifferBetweenRanksAreRefused) {
    if (everyone.size() == 1) GTEST_SKIP() << "one rank differs from nobody";

    const auto refused = test::caught([&] {
        if (everyone.rank() == 0)
            array<double, 2> rows(everyone, {4, 4});
        else
            array<double, 2, column_major> columns(everyone, {4, 4});
    });

    EXPECT_EQ(refused.code, errc::mismatched_arguments);
    EXPECT_TRUE(refused.collective);
}

} // namespace
