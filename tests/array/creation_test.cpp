#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/algorithm.hpp>
#include <nodespan/creation.hpp>
#include <nodespan/dtype.hpp>
#include <nodespan/team.hpp>

#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace nodespan;
using testing::ElementsAre;
using testing::HasSubstr;

class Existing : public testing::Test {
protected:
    team everyone{MPI_COMM_WORLD};
};

std::vector<int> counted(index_t count, int first = 0) {
    std::vector<int> values(static_cast<std::size_t>(count));
    std::iota(values.begin(), values.end(), first);
    return values;
}

TEST_F(Existing, OneRanksElementsBecomeEverybodys) {
    const int root = everyone.size() - 1;
    const std::vector<int> mine = counted(everyone.rank() == root ? 35 : 0);

    auto field = array_from_root(everyone,
                                 everyone.rank() == root ? view<const int, 2>(mine.data(), {7, 5})
                                                         : view<const int, 2>{},
                                 root);

    static_assert(std::same_as<decltype(field), array<int, 2>>);
    EXPECT_EQ(field.extents(), (indices<2>{7, 5}));
    EXPECT_EQ(to_vector(field), counted(35));
    EXPECT_THAT(to_vector(field, {{2, 1}, {4, 3}}), ElementsAre(11, 12, 16, 17));
}

TEST_F(Existing, TheOrderOfElementsIsKeptOrChanged) {
    const std::vector<int> mine = counted(6);
    const view<const int, 2, column_major> columns(mine.data(), {2, 3});

    auto kept = array_from_root(everyone, columns);
    auto changed = array_from_root<row_major>(everyone, columns);
    auto gaps = array_from_root(everyone, view<const int, 2, strided>(mine.data(), {2, 2}, {3, 2}));

    static_assert(std::same_as<decltype(kept), array<int, 2, column_major>>);
    static_assert(std::same_as<decltype(changed), array<int, 2>>);
    EXPECT_EQ(kept.get({1, 2}), 5);
    EXPECT_EQ(to_vector(kept), mine);
    EXPECT_THAT(to_vector(changed), ElementsAre(0, 2, 4, 1, 3, 5));
    EXPECT_THAT(to_vector(gaps), ElementsAre(0, 2, 3, 5));
}

TEST_F(Existing, PartsOfAllRanksAreJoinedInRankOrderAndStayWhereTheyAre) {
    const index_t rows = everyone.rank() % 3; // some ranks have nothing
    const std::vector<int> mine = counted(rows * 4, 1000 * everyone.rank());

    auto field = array_from_parts(everyone, view<const int, 2>(mine.data(), {rows, 4}));

    EXPECT_EQ(field.local().extent(0), rows);
    EXPECT_EQ(to_vector(field, field.rank_box()), mine);
    std::vector<int> expected;
    for (int r = 0; r < everyone.size(); ++r)
        for (const int x : counted(r % 3 * 4, 1000 * r)) expected.push_back(x);
    EXPECT_EQ(to_vector(field), expected);
}

TEST_F(Existing, PartsOfAColumnMajorArrayAreColumns) {
    const index_t columns = 1 + everyone.rank();
    const std::vector<int> mine = counted(3 * columns, 1000 * everyone.rank());

    auto field =
        array_from_parts(everyone, view<const int, 2, column_major>(mine.data(), {3, columns}));

    EXPECT_EQ(field.extent(0), 3);
    EXPECT_EQ(field.local().extents(), (indices<2>{3, columns}));
    EXPECT_EQ(to_vector(field, field.rank_box()), mine);
}

TEST_F(Existing, PartsGoWhereTheOptionsSay) {
    const std::vector<int> mine = counted(6, 6 * everyone.rank());
    array_options options;
    options.distribution.rank_grid = {1, 0}; // ranks side by side, though the parts are rows

    auto field = array_from_parts(everyone, view<const int, 2>(mine.data(), {1, 6}), options);

    EXPECT_EQ(to_vector(field), counted(6 * everyone.size()));
    if (everyone.nodes() == 1) {
        EXPECT_EQ(field.local().extent(0), everyone.size());
    }
}

TEST_F(Existing, NothingAtAllIsAnEmptyArray) {
    auto field = array_from_parts(everyone, view<const int, 2>{});

    EXPECT_EQ(field.extents(), (indices<2>{0, 0}));
    EXPECT_TRUE(to_vector(field).empty());
}

TEST_F(Existing, PartsThatDoNotFitAreRefusedOnAllRanks) {
    if (everyone.size() == 1) GTEST_SKIP() << "one part fits itself";
    const index_t width = everyone.rank() == everyone.size() - 1 ? 5 : 4;
    const std::vector<int> mine = counted(2 * width);

    const auto refused = test::caught([&] {
        static_cast<void>(array_from_parts(everyone, view<const int, 2>(mine.data(), {2, width})));
    });

    EXPECT_EQ(refused.code, errc::size_mismatch);
    EXPECT_TRUE(refused.collective);
    EXPECT_THAT(refused.text, HasSubstr("rank " + std::to_string(everyone.size() - 1)));
}

TEST_F(Existing, NoSuchRootIsRefusedOnAllRanks) {
    const auto refused = test::caught([&] {
        static_cast<void>(array_from_root(everyone, view<const int, 1>{}, everyone.size()));
    });

    EXPECT_EQ(refused.code, errc::out_of_range);
    everyone.fence(); // the team goes on
}

TEST_F(Existing, OneLikeAnotherHasItsCutItsGhostsAndItsOrder) {
    array_options options;
    options.distribution.rank_grid = {1, 0};
    options.ghosts.width = {0, 1};
    array<int, 2> first(everyone, {6, 7 * everyone.size()}, options);
    array<int, 2, column_major> second(everyone, {6, 7});
    fill(first, 3);
    first.fence();

    const array<int, 2>& model = first;
    auto zeros = zeros_like(model);
    auto floats = empty_like<float>(model);
    auto columns = zeros_like(second);

    static_assert(std::same_as<decltype(floats), array<float, 2>>);
    static_assert(std::same_as<decltype(columns), array<int, 2, column_major>>);
    EXPECT_EQ(zeros.rank_box(), first.rank_box());
    EXPECT_EQ(zeros.node_box_with_ghosts(), first.node_box_with_ghosts());
    EXPECT_EQ(floats.rank_box(), first.rank_box());
    EXPECT_EQ(columns.rank_box(), second.rank_box());
    EXPECT_EQ(sum(zeros), 0);
    transform(first, floats, [](int x) { return static_cast<float>(x) / 2; });
    EXPECT_EQ(floats.local().size() > 0 ? floats.local()(0, 0) : 1.5F, 1.5F);
}

TEST_F(Existing, TypesAreFoundByTheirNamesWhileTheProgramRuns) {
    for (const std::string name :
         {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
          "float64", "complex64", "complex128", "bool"}) {
        const auto type = find_dtype(name);
        ASSERT_TRUE(type.has_value()) << name;

        const std::size_t bytes = visit(*type, [&]<class T>(std::type_identity<T>) {
            EXPECT_EQ(dtype_of<T>(), *type);
            array<T, 1> field(everyone, {3});
            return static_cast<std::size_t>(field.size()) * sizeof(T);
        });

        EXPECT_EQ(bytes, 3 * bytes_of(*type)) << name;
    }
    EXPECT_FALSE(find_dtype("float16").has_value());
}

} // namespace
