#include <nodespan/error.hpp>
#include <nodespan/replicated.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::errc;
using nodespan::index_t;
using nodespan::replicated;
using nodespan::team;
using testing::HasSubstr;

constexpr index_t mebibyte = index_t{1} << 20;

template <class T>
std::vector<T> numbers(index_t count, int seed) {
    std::vector<T> result(static_cast<std::size_t>(count));
    std::iota(result.begin(), result.end(), static_cast<T>(seed * 100));
    return result;
}

template <class T, int N>
bool holds(const replicated<T, N>& table, const std::vector<T>& expected) {
    const auto seen = table.node().span();
    return std::equal(seen.begin(), seen.end(), expected.begin(), expected.end());
}

// Loads `expected` from `root`; whether this rank then sees it.
bool loads(replicated<int, 1>& table, int root, const std::vector<int>& expected) {
    const bool is_root = table.get_team().rank() == root;
    table.load(is_root ? std::span<const int>(expected) : std::span<const int>(), root);
    const bool right = holds(table, expected);
    table.get_team().node_fence(); // before the next values come
    return right;
}

void expect_same_error_on_all_ranks(team& everyone, const caught_error& mine, errc code) {
    EXPECT_EQ(mine.code, code) << mine.text;
    EXPECT_TRUE(mine.collective);
    for (const std::string& other : nodespan::app::all_gather_messages(everyone.comm(), mine.text))
        EXPECT_EQ(other, mine.text);
}

TEST(Replicated, StartsZeroAndKnowsItsExtents) {
    team everyone(MPI_COMM_WORLD);

    const replicated<double, 3> table(everyone, {4, 5, 6});

    EXPECT_EQ(table.extents(), (nodespan::indices<3>{4, 5, 6}));
    EXPECT_EQ(table.size(), 120);
    EXPECT_TRUE(holds(table, std::vector<double>(120, 0)));
}

TEST(Replicated, IsLoadedFromAnyRankManyTimes) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 1> table(everyone, {1000});

    for (int round = 0; round < 5; ++round)
        for (int root = 0; root < everyone.size(); ++root)
            ASSERT_TRUE(loads(table, root, numbers<int>(1000, 10 * round + root)))
                << "root " << root;
}

TEST(Replicated, IsLoadedWhateverItsSize) {
    team everyone(MPI_COMM_WORLD);
    const int last = everyone.size() - 1;
    for (const index_t size : {0, 1, 2, 63, 65'535, 65'537, 1'000'003}) {
        SCOPED_TRACE(size);
        replicated<int, 1> table(everyone, {size});

        EXPECT_TRUE(loads(table, last, numbers<int>(size, 1)));
        table.publish();
        EXPECT_TRUE(holds(table, numbers<int>(size, 1)));
    }
}

TEST(Replicated, HoldsAnyElements) {
    struct entry {
        char name[3];
        double value;
    };
    team everyone(MPI_COMM_WORLD);
    replicated<entry, 2> table(everyone, {3, 7});
    const std::vector<entry> entries(21, entry{"ab", 1.5});

    table.load(entries);

    for (const entry& seen : table.node().span()) {
        EXPECT_STREQ(seen.name, "ab");
        EXPECT_EQ(seen.value, 1.5);
    }
}

TEST(Replicated, IsOneMemoryForTheRanksOfANode) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 1> table(everyone, {everyone.size()});

    table.edit()(everyone.rank()) = everyone.rank() + 1;
    everyone.node_fence();

    for (int rank = 0; rank < everyone.size(); ++rank)
        EXPECT_EQ(table.node()(rank), everyone.node_of(rank) == everyone.node() ? rank + 1 : 0);
}

TEST(Replicated, IsPublishedFromAnyNodeAfterItsRanksEditedIt) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 2> table(everyone, {everyone.size(), 300});
    for (int round = 0; round < 4; ++round)
        for (int source = 0; source < everyone.nodes(); ++source) {
            SCOPED_TRACE(source);
            const int seed = 1000 * round + 10 * source;
            // All nodes edit, each its own copy; one wins.
            for (int row = everyone.node_rank(); row < everyone.size(); row += everyone.node_size())
                for (index_t j = 0; j < 300; ++j)
                    table.edit()(row, j) = seed + 7 * row + (everyone.node() == source ? 0 : 1);

            table.publish(source);

            index_t wrong = 0;
            for (int row = 0; row < everyone.size(); ++row)
                for (index_t j = 0; j < 300; ++j)
                    wrong += table.node()(row, j) != seed + 7 * row ? 1 : 0;
            ASSERT_EQ(wrong, 0);
            everyone.node_fence();
        }
}

TEST(Replicated, SeveralLiveBesideEachOther) {
    team everyone(MPI_COMM_WORLD), singles(MPI_COMM_WORLD, {1});
    replicated<int, 1> a(everyone, {500}), b(singles, {500}), c(everyone, {3});
    const int last = everyone.size() - 1;

    EXPECT_TRUE(loads(a, last, numbers<int>(500, 1)));
    EXPECT_TRUE(loads(b, 0, numbers<int>(500, 2)));
    EXPECT_TRUE(loads(c, last, numbers<int>(3, 3)));
    replicated<int, 1> moved(std::move(a));

    EXPECT_TRUE(holds(moved, numbers<int>(500, 1)));
    EXPECT_TRUE(holds(b, numbers<int>(500, 2)));
    EXPECT_TRUE(holds(c, numbers<int>(3, 3)));
}

TEST(Replicated, RefusesAWrongSizeOfTheRootOnAllRanksAndKeepsWhatItHad) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 1> table(everyone, {10});
    const auto old = numbers<int>(10, 4);
    loads(table, 0, old);
    for (int root = 0; root < everyone.size(); ++root)
        for (const index_t size : {0, 9, 11}) {
            const auto wrong = numbers<int>(size, 5), right = numbers<int>(10, 5);
            const bool is_root = everyone.rank() == root;

            const auto refused = caught([&] { table.load(is_root ? wrong : right, root); });

            expect_same_error_on_all_ranks(everyone, refused, errc::size_mismatch);
            EXPECT_THAT(refused.text, HasSubstr(std::to_string(size) + " elements given for 10"));
            EXPECT_TRUE(holds(table, old));
            everyone.fence();
        }
    EXPECT_TRUE(loads(table, everyone.size() - 1, numbers<int>(10, 6)));
}

TEST(Replicated, RefusesRootsAndNodesThatDoNotExistOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 1> table(everyone, {10});
    const auto old = numbers<int>(10, 4);
    loads(table, 0, old);
    for (const int bad : {-1, everyone.size(), std::numeric_limits<int>::max()}) {
        expect_same_error_on_all_ranks(everyone, caught([&] { table.load(old, bad); }),
                                       errc::out_of_range);
        expect_same_error_on_all_ranks(everyone, caught([&] { table.publish(bad); }),
                                       errc::out_of_range);
    }

    EXPECT_TRUE(holds(table, old));
    EXPECT_TRUE(loads(table, 0, numbers<int>(10, 6)));
}

TEST(Replicated, RefusesDifferentRootsOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "nobody to differ from";
    replicated<int, 1> table(everyone, {10});
    const auto old = numbers<int>(10, 4), other = numbers<int>(10, 5);
    loads(table, 0, old);
    for (int odd = 0; odd < everyone.size(); ++odd) {
        const int mine = everyone.rank() == odd ? 1 : 0;

        expect_same_error_on_all_ranks(everyone, caught([&] { table.load(other, mine); }),
                                       errc::mismatched_arguments);
        EXPECT_TRUE(holds(table, old));
    }
    EXPECT_TRUE(loads(table, 1, other));
}

TEST(Replicated, RefusesExtentsThatNoMemoryHoldsOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    const index_t huge = std::numeric_limits<index_t>::max();

    const auto negative = caught([&] { replicated<int, 2> never(everyone, {-1, 2}); });
    const auto too_large = caught([&] { replicated<int, 2> never(everyone, {huge, 2}); });
    const auto differ = caught([&] { replicated<int, 1> never(everyone, {5 + everyone.rank()}); });

    expect_same_error_on_all_ranks(everyone, negative, errc::invalid_argument);
    expect_same_error_on_all_ranks(everyone, too_large, errc::invalid_argument);
    if (everyone.size() > 1) {
        expect_same_error_on_all_ranks(everyone, differ, errc::mismatched_arguments);
    }
    replicated<int, 1> table(everyone, {10});
    EXPECT_TRUE(loads(table, 0, numbers<int>(10, 6)));
}

// Memory of this process in bytes, where a page that k processes share counts as a k-th of a page.
index_t share_of_memory() {
    std::ifstream rollup("/proc/self/smaps_rollup");
    for (std::string word; rollup >> word;)
        if (word == "Pss:") {
            index_t kibibytes = 0;
            rollup >> kibibytes;
            return kibibytes * 1024;
        }
    return 0;
}

index_t memory_of_node(team& everyone) {
    everyone.fence();
    const index_t bytes = sum_of_ranks(everyone.node_comm(), share_of_memory());
    everyone.fence();
    return bytes;
}

TEST(Replicated, TakesTheMemoryOfOneCopyOnEachNode) {
    team everyone(MPI_COMM_WORLD);
    if (!on_all_ranks(share_of_memory() > 0)) GTEST_SKIP() << "needs /proc/self/smaps_rollup";
    const index_t bytes = (everyone.size() > 4 ? 16 : 64) * mebibyte;
    const int root = everyone.size() - 1;
    std::vector<std::uint8_t> given;
    if (everyone.rank() == root) given.resize(static_cast<std::size_t>(bytes), 3);
    const index_t before = memory_of_node(everyone);

    replicated<std::uint8_t, 1> table(everyone, {bytes});
    table.load(given, root);
    const auto seen = table.node();
    const index_t sum = std::accumulate(seen.begin(), seen.end(), index_t{0}); // touches all pages
    const index_t grown = memory_of_node(everyone) - before;

    EXPECT_EQ(sum, 3 * bytes);
    EXPECT_GT(grown, bytes / 10 * 9);
    EXPECT_LT(grown, bytes / 2 * 3) << everyone.node_size() << " ranks on node " << everyone.node();
}

TEST(ReplicatedLoss, ALoadTellsThatARankHasLeft) {
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";
    for (const int leaver : {0, world_size() - 1}) {
        caught_error seen;
        try {
            team everyone(MPI_COMM_WORLD);
            replicated<int, 1> table(everyone, {100'000});
            const auto values = numbers<int>(100'000, 1);
            if (everyone.rank() == leaver) throw std::runtime_error("this rank leaves");
            seen = caught([&] { table.load(values, 0); });
        } catch (const std::runtime_error& left) {
            if (std::string(left.what()) == "this rank leaves") seen.code = errc::peer_lost;
        }

        EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
        MPI_Barrier(MPI_COMM_WORLD); // the one that left still serves MPI
    }
}

} // namespace
