// Work that is dealt out while it is done.

#include <nodespan/algorithm.hpp>
#include <nodespan/error.hpp>

#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

// How often each index was done, all ranks together.
std::vector<int> times_done(const team& everyone, std::vector<int> mine) {
    all_reduce(everyone, mine);
    return mine;
}

TEST(WorkShare, DoesEachIndexOnceWhateverItTakes) {
    team everyone(MPI_COMM_WORLD);
    random_numbers random(static_cast<std::uint64_t>(everyone.rank() + 1));
    for (const index_t count : {0, 1, 5, 64, 301})
        for (const index_t chunk : {1, 3, 50}) {
            const index_t first = -7;
            std::vector<int> done(static_cast<std::size_t>(count));

            work_share(everyone, {{first}, {first + count}}, chunk, [&](index_t i) {
                ++done.at(static_cast<std::size_t>(i - first));
                if (random.below(20) == 0)
                    std::this_thread::sleep_for(std::chrono::microseconds(random.below(300)));
            });

            const std::vector<int> all = times_done(everyone, done);
            EXPECT_EQ(std::count(all.begin(), all.end(), 1), count) << count << " by " << chunk;
        }
}

TEST(WorkShare, GivesAscendingPartsOfAtMostOneChunk) {
    team everyone(MPI_COMM_WORLD);
    index_t last = 0, mine = 0;
    bool is_right = true;

    work_share(everyone, {{0}, {1001}}, 8, [&](const box<1>& part) {
        is_right &= part.lo[0] >= last && part.size() >= 1 && part.size() <= 8;
        last = part.hi[0];
        mine += part.size();
    });

    EXPECT_TRUE(is_right);
    EXPECT_EQ(all_reduce(everyone, mine), 1001);
}

// Rank 0 does not end its first part before all others are done: somebody else does them.
TEST(WorkShare, OthersDoTheShareOfASlowRank) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "needs two ranks";
    using clock = std::chrono::steady_clock;
    const auto limit = clock::now() + std::chrono::minutes(2);
    const index_t all = 40 * everyone.size();
    array<index_t, 1> done(everyone, {1});
    index_t mine = 0;

    work_share(everyone, {{0}, {all}}, 2, [&](const box<1>& part) {
        mine += part.size();
        if (everyone.rank() != 0) {
            done.fetch_add({0}, part.size());
            return;
        }
        while (done.fetch_add({0}, 0) < all - mine && clock::now() < limit) {}
    });

    if (everyone.rank() == 0) {
        EXPECT_LE(mine, 2);
    }
    EXPECT_EQ(all_reduce(everyone, mine), all);
}

TEST(WorkShare, SeesWhatOthersHaveWrittenAfterwards) {
    team everyone(MPI_COMM_WORLD);
    array<index_t, 1> field(everyone, {500});

    work_share(everyone, {{0}, {500}}, 7, [&](index_t i) { field.put({i}, i * i); });

    index_t wrong = 0;
    for (index_t i = 0; i < 500; ++i) wrong += field.get({i}) == i * i ? 0 : 1;
    EXPECT_EQ(wrong, 0);
}

TEST(WorkShare, AFunctionThatThrowsDoesNotHangTheOthers) {
    team everyone(MPI_COMM_WORLD);
    const int thrower = everyone.size() - 1;
    for (int round = 0; round < 3; ++round) {
        index_t mine = 0;
        const auto work = [&](index_t) {
            if (everyone.rank() == thrower && ++mine == 2) throw std::runtime_error("enough");
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        };
        caught_error failure;
        bool threw = false;
        try {
            failure = caught([&] { work_share(everyone, {{0}, {40 * everyone.size()}}, 1, work); });
        } catch (const std::runtime_error&) {
            threw = true;
        }

        const bool anyone = all_reduce(everyone, threw ? 1 : 0, accumulate_op::max) == 1;
        if (anyone && everyone.rank() != thrower) {
            EXPECT_EQ(failure.code, errc::peer_lost);
        }
        EXPECT_EQ(threw, anyone && everyone.rank() == thrower);
    }
}

TEST(WorkShare, RefusesChunksBelowOne) {
    team everyone(MPI_COMM_WORLD);

    EXPECT_EQ(caught([&] {
                  work_share(everyone, {{0}, {9}}, 0, [](index_t) {});
              }).code,
              errc::invalid_argument);
}

TEST(WorkShare, TakesChunksAndRangesAsLargeAsIndicesGo) {
    team everyone(MPI_COMM_WORLD);
    constexpr index_t lowest = std::numeric_limits<index_t>::min();
    constexpr index_t highest = std::numeric_limits<index_t>::max();
    const box<1> ranges[] = {{{10}, {20}}, {{highest - 10}, {highest}}, {{lowest}, {lowest + 10}}};

    for (const box<1>& range : ranges)
        for (const index_t chunk : {index_t{3}, highest / everyone.size(), highest}) {
            std::vector<int> done(10);
            work_share(everyone, range, chunk,
                       [&](index_t i) { ++done.at(static_cast<std::size_t>(i - range.lo[0])); });

            const std::vector<int> all = times_done(everyone, done);
            EXPECT_EQ(std::count(all.begin(), all.end(), 1), 10) << range.lo[0] << " by " << chunk;
        }

    index_t outside = 0, parts = 0, last = lowest;
    work_share(everyone, {{lowest}, {highest}}, highest / 2, [&](const box<1>& part) {
        if (part.lo[0] < last || part.hi[0] <= part.lo[0]) ++outside;
        last = part.hi[0];
        ++parts;
    });
    EXPECT_EQ(outside, 0);
    EXPECT_EQ(all_reduce(everyone, parts), 5);
}

// Numbers by portions: each once, as with next(), and beside it.
TEST(WorkShare, CountersTakePortionsThatDoNotOverlap) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t portion : {1, 5, 64}) {
        counter tickets(everyone, 10, portion);
        constexpr index_t items = 2000;
        std::vector<int> done(items);
        const auto take = [&](const box<1>& part) {
            for (index_t i = part.lo[0]; i < part.hi[0]; ++i)
                if (i < items) ++done[static_cast<std::size_t>(i)];
            return part.lo[0] < items;
        };

        for (bool goes_on = true; goes_on;) {
            goes_on = take(tickets.take(1 + everyone.rank() % 3));
            const index_t beside = tickets.next(2);
            take({{beside}, {beside + 2}});
        }
        const std::vector<int> all = times_done(everyone, done);

        EXPECT_EQ(std::count(all.begin() + 10, all.end(), 1), items - 10);
        EXPECT_EQ(std::count(all.begin(), all.begin() + 10, 0), 10);
    }
}

} // namespace
