// What an array refuses where it is called, on that rank alone.

#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

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
    EXPECT_EQ(caught([&] { static_cast<void>(a.owner_node({0, 9})); }).code, errc::out_of_range);
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

    EXPECT_EQ(caught([&] { static_cast<void>(a.rank_box_of(-1)); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(a.rank_box_of(everyone.size())); }).code,
              errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(a.node_box_of(everyone.nodes())); }).code,
              errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(a.block(everyone.size())); }).code,
              errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(a.mutex(-1)); }).code, errc::out_of_range);
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
    EXPECT_EQ(caught([&] { static_cast<void>(a.block(other)); }).code, errc::not_on_node);
}

// What has been moved from has no elements, and says so instead of looking for them.
TEST(Array, RefusesToBeUsedOnceItHasBeenMovedFrom) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> source(everyone, {10, 4});
    std::vector<double> room(40);
    const std::vector<nodespan::indices<2>> where{{0, 0}};

    array<double, 2> a = std::move(source);

    const std::vector<std::function<void()>> calls{
        [&] { source(0, 0) = 1; },
        [&] {
            static_cast<void>(source.get({0, 0}));
        },
        [&] {
            source.put({0, 0}, 1);
        },
        [&] {
            source.get({{0, 0}, {10, 4}}, room);
        },
        [&] {
            source.put({{0, 0}, {0, 0}}, std::span<double>());
        },
        [&] {
            source.put_async({{0, 0}, {10, 4}}, room).wait();
        },
        [&] {
            source.accumulate({{0, 0}, {10, 4}}, room);
        },
        [&] { source.gather(where, std::span(room).first(1)); },
        [&] { source.scatter_add(where, 1.0); },
        [&] {
            source.fetch_add({0, 0}, 1);
        },
        [&] { static_cast<void>(source.local()); },
        [&] { static_cast<void>(source.node()); },
        [&] { static_cast<void>(source.rank_box()); },
        [&] { static_cast<void>(source.get_team()); },
        [&] { source.fence(); },
        [&] { source.exchange_ghosts(); },
        [&] { static_cast<void>(nodespan::sum(source)); },
        [&] { nodespan::fill(source, 1); },
    };
    for (std::size_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(caught(calls[i]).code, errc::invalid_argument) << "call " << i;
    EXPECT_THAT(caught(calls[0]).text, HasSubstr("array: it has been moved from"));
    EXPECT_EQ(source.size(), 0);
    EXPECT_EQ(a.size(), 40);
    source = std::move(a);
    nodespan::fill(source, 1);
    source.fence();
    EXPECT_EQ(source.get({9, 3}), 1);
}

TEST(Array, SoDoWhatIsMadeOfOne) {
    team everyone(MPI_COMM_WORLD);
    nodespan::counter tickets(everyone);
    nodespan::replicated<double, 1> table(everyone, {10});
    array<double, 2, nodespan::column_major> columns(everyone, {4, 10});

    const nodespan::counter tickets_now = std::move(tickets);
    const nodespan::replicated<double, 1> table_now = std::move(table);
    const array<double, 2, nodespan::column_major> columns_now = std::move(columns);

    EXPECT_EQ(caught([&] { tickets.next(); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { static_cast<void>(table.node()); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { table.publish(); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { columns(0, 0) = 1; }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { columns.fence(); }).code, errc::invalid_argument);
}

TEST(Array, MovedFromQueuesAndRingsSaySo) {
    team everyone(MPI_COMM_WORLD);
    team here = everyone.split(everyone.node());
    nodespan::queue<int> commands(here, 4);

    const nodespan::queue<int> commands_now = std::move(commands);

    EXPECT_EQ(caught([&] { commands.put(1); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { commands.close(); }).code, errc::invalid_argument);
    if (here.size() < 2) return;
    nodespan::ring<int> frames(here, 16);
    const nodespan::ring<int> frames_now = std::move(frames);
    EXPECT_EQ(caught([&] { static_cast<void>(frames.is_producer()); }).code,
              errc::invalid_argument);
    EXPECT_EQ(caught([&] { frames.close(); }).code, errc::invalid_argument);
}

TEST(Array, ScatterAddsOneValueToAllPlaces) {
    team everyone(MPI_COMM_WORLD);
    array<index_t, 1> counts(everyone, {10});
    array<std::complex<double>, 1> sums(everyone, {10});
    const std::vector<nodespan::indices<1>> where{{0}, {9}, {9}};

    counts.scatter_add(where, 1);
    sums.scatter_add(where, {0, 2});
    counts.fence();

    EXPECT_EQ(counts.get({0}), everyone.size());
    EXPECT_EQ(counts.get({9}), 2 * everyone.size());
    EXPECT_EQ(counts.get({5}), 0);
    EXPECT_EQ(sums.get({9}), std::complex<double>(0, 4.0 * everyone.size()));
    EXPECT_EQ(caught([&] { counts.scatter_add(std::vector<nodespan::indices<1>>{{10}}, 1); }).code,
              errc::out_of_range);
}

} // namespace
