// What an array refuses where it is called, on that rank alone.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <string>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;
using testing::HasSubstr;

TEST(Array, RefusesIndicesOutsideItsExtents) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {10, 4});
    const array<double, 2>& readable = a;

    const std::string told = caught([&] { a(10, 0) = 1; }).text;

    EXPECT_THAT(told, HasSubstr("array<double,2>::operator()({10, 0})"));
    EXPECT_THAT(told, HasSubstr("{10, 4}"));
    EXPECT_EQ(caught([&] { a(0, 4) = 1; }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a(-1, 0) = 1; }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { readable(0, -1); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a.owner_node({0, 9}); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a(std::numeric_limits<index_t>::max(), 0) = 1; }).code,
              errc::out_of_range);
    EXPECT_EQ(caught([&] { a(std::numeric_limits<index_t>::min(), 0) = 1; }).code,
              errc::out_of_range);
}

// At once, not after a look at each of 2^44 rows.
TEST(Array, RefusesMoreRowsThanThereIsMemoryFor) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array_options options;
    options.distribution.rank_grid = {1, 0};
    const index_t columns = index_t{8192} * everyone.size();

    const auto wide = caught([&] {
        array<char, 2>(everyone, {index_t{1} << 44, columns}, options);
    });
    options.ghosts.width = {index_t{1} << 44, 0};
    const auto with_ghosts = caught([&] { array<char, 2>(everyone, {8, columns}, options); });

    EXPECT_EQ(wide.code, errc::no_capacity) << wide.text;
    EXPECT_EQ(with_ghosts.code, errc::no_capacity) << with_ghosts.text;
}

// More than MPI's int counts in a message of one element.
TEST(Array, RefusesElementsOfMoreThanAGibibyte) {
    struct huge {
        char text[(std::size_t{1} << 30) + 1];
    };
    team everyone(MPI_COMM_WORLD);

    const auto refused = caught([&] { array<huge, 1>(everyone, {0}); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_TRUE(refused.collective);
    EXPECT_THAT(refused.text, HasSubstr("elements of 1073741825 bytes"));
}

TEST(Array, RefusesRanksAndNodesThatDoNotExist) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {10, 4});

    EXPECT_EQ(caught([&] { a.rank_box_of(-1); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a.rank_box_of(everyone.size()); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a.node_box_of(everyone.nodes()); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a.block(everyone.size()); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { a.mutex(-1); }).code, errc::out_of_range);
}

TEST(Array, RefusesDirectAccessToOtherNodes) {
    team everyone(MPI_COMM_WORLD, {1});
    if (everyone.nodes() == 1) GTEST_SKIP() << "there is no other node";
    array<double, 2> a(everyone, {2 * everyone.size(), 4});
    const int other = (everyone.rank() + 1) % everyone.size();
    const index_t row = a.rank_box_of(other).lo[0];

    const auto refused = caught([&] { a(row, 2) = 1; });

    EXPECT_EQ(refused.code, errc::not_on_node);
    EXPECT_THAT(refused.text, HasSubstr("held by node " + std::to_string(other)));
    EXPECT_FALSE(refused.collective);
    EXPECT_EQ(caught([&] { a.block(other); }).code, errc::not_on_node);
}

} // namespace
