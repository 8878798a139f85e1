#include <nodespan/counter.hpp>
#include <nodespan/error.hpp>

#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::counter;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;

using taken = std::vector<index_t>; // first, chunk, first, chunk, ...

// Asks `calls` times for chunks of 1 to `largest` numbers.
taken take(counter& tickets, int calls, index_t largest, int seed) {
    random_numbers random(static_cast<std::uint64_t>(seed));
    taken mine;
    for (int i = 0; i < calls; ++i) {
        const index_t chunk = 1 + random.below(largest);
        mine.push_back(tickets.next(chunk));
        mine.push_back(chunk);
    }
    return mine;
}

// Whether all ranks together got each number from `first` on once; the same answer on all.
bool are_exactly_once(team& everyone, const taken& mine, index_t first) {
    std::vector<std::pair<index_t, index_t>> chunks;
    for (const taken& one : nodespan::app::all_gather_messages(everyone.comm(), mine))
        for (std::size_t i = 0; i < one.size(); i += 2) chunks.emplace_back(one[i], one[i + 1]);
    std::sort(chunks.begin(), chunks.end());
    for (const auto& [begin, chunk] : chunks) {
        if (begin != first) return false;
        first += chunk;
    }
    return true;
}

bool ascends(const taken& mine) {
    for (std::size_t i = 2; i < mine.size(); i += 2)
        if (mine[i] < mine[i - 2] + mine[i - 1]) return false;
    return true;
}

TEST(Counter, GivesEachNumberOnce) {
    team everyone(MPI_COMM_WORLD);
    counter tickets(everyone);

    const taken mine = take(tickets, 400, 1, 1);

    EXPECT_TRUE(ascends(mine));
    EXPECT_TRUE(are_exactly_once(everyone, mine, 0));
}

TEST(Counter, GivesChunksThatDoNotOverlap) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t first : {index_t{0}, index_t{-1000}, index_t{1} << 40}) {
        counter tickets(everyone, first);

        const taken mine = take(tickets, 100 + 150 * (everyone.rank() % 3), 9, everyone.rank());

        EXPECT_TRUE(ascends(mine));
        EXPECT_TRUE(are_exactly_once(everyone, mine, first));
    }
}

TEST(Counter, CountsFromAnyNumberAgain) {
    team everyone(MPI_COMM_WORLD);
    counter tickets(everyone);
    for (const index_t first : {0, 5, -7}) {
        tickets.reset(first);

        const taken mine = take(tickets, 50, 3, everyone.rank() + 9);

        EXPECT_TRUE(are_exactly_once(everyone, mine, first));
    }
}

TEST(Counter, SeveralCountApart) {
    team everyone(MPI_COMM_WORLD), singles(MPI_COMM_WORLD, {1});
    counter a(everyone), b(everyone, 1000), c(singles, -50);
    taken of_a, of_b, of_c;

    for (int i = 0; i < 60; ++i) {
        of_a.insert(of_a.end(), {a.next(), 1});
        of_b.insert(of_b.end(), {b.next(4), 4});
        of_c.insert(of_c.end(), {c.next(2), 2});
    }

    EXPECT_TRUE(are_exactly_once(everyone, of_a, 0));
    EXPECT_TRUE(are_exactly_once(everyone, of_b, 1000));
    EXPECT_TRUE(are_exactly_once(everyone, of_c, -50));
}

TEST(Counter, DealsWorkUntilThereIsNone) {
    team everyone(MPI_COMM_WORLD);
    counter tickets(everyone);
    constexpr index_t items = 3000;
    index_t done = 0;

    for (index_t item = tickets.next(10); item < items; item = tickets.next(10))
        done += std::min<index_t>(10, items - item);

    EXPECT_EQ(sum_of_ranks(everyone.comm(), done), items);
}

TEST(Counter, RefusesChunksBelowOneAndGoesOn) {
    team everyone(MPI_COMM_WORLD);
    counter tickets(everyone, 7);

    for (const index_t bad : {0, -1}) {
        const auto refused = caught([&] { tickets.next(bad); });
        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_THAT(refused.text, testing::HasSubstr("counter::next(" + std::to_string(bad) + ")"));
        EXPECT_FALSE(refused.collective);
    }

    EXPECT_TRUE(are_exactly_once(everyone, take(tickets, 20, 2, 3), 7));
}

TEST(Counter, RefusesChunksThatNumbersDoNotHaveAndGoesOn) {
    team everyone(MPI_COMM_WORLD);
    constexpr index_t huge = std::numeric_limits<index_t>::max();
    counter tickets(everyone, 5);

    EXPECT_EQ(caught([&] { tickets.next(huge); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { tickets.next(tickets.most_at_once() + 1); }).code,
              errc::invalid_argument);
    everyone.fence();
    const taken mine = take(tickets, 20, 4, everyone.rank() + 3);

    EXPECT_TRUE(are_exactly_once(everyone, mine, 5));
}

// All numbers below 2^63 are given out, in chunks as large as can be; then all ranks are refused.
TEST(Counter, NeverWrapsAround) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t portion : {index_t{1}, std::numeric_limits<index_t>::max()})
        for (const bool by_portions : {false, true}) {
            counter tickets(everyone, 100, portion);
            index_t last = 99;
            int calls = 0;
            const auto ask = [&] {
                const index_t most = tickets.most_at_once();
                const index_t begin = by_portions ? tickets.take(most).lo[0] : tickets.next(most);
                EXPECT_GT(begin, last);
                last = begin;
            };

            caught_error refused;
            for (; calls < 8 * everyone.size() && !refused.code; ++calls)
                refused = caught([&] {
                    // By portions of one over several nodes there would be no end of it.
                    if (by_portions && portion == 1 && everyone.nodes() > 1)
                        throw nodespan::error(errc::out_of_range, "not tried");
                    ask();
                });

            EXPECT_EQ(refused.code, errc::out_of_range) << refused.text;
            everyone.fence();
            if (!by_portions) {
                EXPECT_GT(tickets.next(), 99); // the rest, one by one
            }
            everyone.fence();
        }
}

TEST(Counter, CountsToTheLastNumberFromWhereverItBegins) {
    team everyone(MPI_COMM_WORLD);
    constexpr index_t end = std::numeric_limits<index_t>::max();
    const index_t count = 3 * everyone.size();
    counter tickets(everyone, end - count);

    const taken mine = take(tickets, 3, 1, 1);
    everyone.fence();

    EXPECT_TRUE(are_exactly_once(everyone, mine, end - count));
    EXPECT_EQ(caught([&] { tickets.next(); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { counter never(everyone, -end); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { tickets.reset(-end); }).code, errc::invalid_argument);
}

} // namespace
