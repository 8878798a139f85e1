// What fences promise, in teams and in their parts, and when a rank leaves.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>
#include <nodespan/team.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace nodespan::test;
using nodespan::errc;
using nodespan::team;

// Each rank writes its counter, then all of a node look at all counters of the node.
template <class Fence>
bool counters_agree(team& t, int rounds, Fence&& fence) {
    nodespan::array<long, 1> counters(t, {t.size()});
    bool right = true;
    for (long round = 1; round <= rounds; ++round) {
        counters.local()(0) = round;
        fence();
        for (const long value : counters.node()) right = right && value == round;
        fence();
    }
    return right;
}

TEST(TeamFence, MakesEveryWriteOfTheNodeVisible) {
    team everyone(MPI_COMM_WORLD);

    EXPECT_TRUE(counters_agree(everyone, 1500, [&] { everyone.fence(); }));
}

TEST(TeamFence, OfTheNodeMakesEveryWriteOfTheNodeVisible) {
    team everyone(MPI_COMM_WORLD);

    EXPECT_TRUE(counters_agree(everyone, 1500, [&] { everyone.node_fence(); }));
}

TEST(TeamFence, BothKindsMix) {
    team everyone(MPI_COMM_WORLD, {2});
    int calls = 0;

    const bool right = counters_agree(
        everyone, 500, [&] { ++calls % 3 == 0 ? everyone.fence() : everyone.node_fence(); });

    EXPECT_TRUE(right);
}

TEST(TeamFence, NobodyPassesBeforeRanksOfOtherNodesCame) {
    team everyone(MPI_COMM_WORLD, {1});
    const int late = everyone.size() - 1;
    MPI_Request request = MPI_REQUEST_NULL;
    char token = 0;
    if (everyone.rank() == 0 && late != 0)
        MPI_Irecv(&token, 1, MPI_CHAR, late, 1, MPI_COMM_WORLD, &request);

    if (everyone.rank() == late) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        token = 1;
        if (late != 0) MPI_Ssend(&token, 1, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
    }
    const auto sent_by_then = [&] {
        int done = 1;
        if (request != MPI_REQUEST_NULL) MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        return done == 1;
    };
    everyone.fence();

    EXPECT_TRUE(sent_by_then());
}

TEST(TeamSplit, MakesATeamOfEachColor) {
    team everyone(MPI_COMM_WORLD);

    team half = everyone.split(everyone.rank() % 2);

    EXPECT_EQ(half.size(), (everyone.size() + 1 - everyone.rank() % 2) / 2);
    EXPECT_EQ(half.node_of(half.rank()), half.node());
    EXPECT_TRUE(counters_agree(half, 200, [&] { half.fence(); }));
    everyone.fence();
}

TEST(TeamSplit, MakesTeamsOfOneRank) {
    team everyone(MPI_COMM_WORLD);

    team alone = everyone.split(everyone.rank());

    EXPECT_EQ(alone.size(), 1);
    EXPECT_EQ(alone.nodes(), 1);
    EXPECT_TRUE(counters_agree(alone, 10 * (1 + everyone.rank()), [&] { alone.fence(); }));
}

TEST(TeamSplit, OrdersRanksOfANodeByKey) {
    team everyone(MPI_COMM_WORLD);

    team reversed = everyone.split(0, -everyone.rank());

    EXPECT_EQ(reversed.size(), everyone.size());
    EXPECT_EQ(reversed.rank(), everyone.size() - 1 - everyone.rank());
    EXPECT_TRUE(counters_agree(reversed, 100, [&] { reversed.fence(); }));
}

TEST(TeamSplit, KeepsTogetherWhoSharesMemory) {
    team everyone(MPI_COMM_WORLD, {2});

    team same = everyone.split(0);

    EXPECT_EQ(same.nodes(), everyone.nodes());
    EXPECT_EQ(same.node_size(), everyone.node_size());
}

TEST(TeamSplit, Nests) {
    team everyone(MPI_COMM_WORLD);
    team half = everyone.split(everyone.rank() % 2);

    team quarter = half.split(half.rank() / 2, -half.rank());

    EXPECT_LE(quarter.size(), 2);
    EXPECT_TRUE(counters_agree(quarter, 100, [&] { quarter.fence(); }));
    EXPECT_TRUE(counters_agree(half, 100, [&] { half.fence(); }));
    EXPECT_TRUE(counters_agree(everyone, 100, [&] { everyone.fence(); }));
}

TEST(TeamSplit, OutlivesTheWhole) {
    auto everyone = std::make_unique<team>(MPI_COMM_WORLD);
    team half = everyone->split(everyone->rank() % 2);

    everyone.reset();

    EXPECT_TRUE(counters_agree(half, 50, [&] { half.fence(); }));
}

TEST(TeamSplit, RefusesANegativeColorOnEveryRank) {
    team everyone(MPI_COMM_WORLD);
    const int last = everyone.size() - 1;

    const auto refused =
        caught([&] { static_cast<void>(everyone.split(everyone.rank() == last ? -1 : 0)); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_TRUE(refused.collective);
    everyone.fence();
}

// One rank throws past its team; the others fence. Returns what this rank saw.
caught_error leave(int leaver, int ranks_per_node, bool node_only) {
    caught_error seen;
    try {
        team everyone(MPI_COMM_WORLD, {ranks_per_node});
        everyone.fence();
        MPI_Barrier(MPI_COMM_WORLD); // nobody is still inside that fence
        if (everyone.rank() == leaver) throw std::runtime_error("this rank leaves");
        seen = caught([&] { node_only ? everyone.node_fence() : everyone.fence(); });
    } catch (const std::runtime_error& left) {
        if (std::string(left.what()) == "this rank leaves") seen.text = "left";
    }
    return seen; // and destructors have returned
}

TEST(TeamLoss, AFenceTellsThatARankHasLeftByAnException) {
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";
    for (int ranks_per_node = 0; ranks_per_node <= 2; ++ranks_per_node)
        for (const int leaver : {0, world_size() - 1}) {
            SCOPED_TRACE(testing::Message() << ranks_per_node << " a node, leaver " << leaver);

            const auto seen = leave(leaver, ranks_per_node, false);

            if (world_rank() == leaver) {
                EXPECT_EQ(seen.text, "left");
            } else {
                EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
            }
        }
}

TEST(TeamLoss, AFenceOfTheNodeTellsThatAPeerHasLeft) {
    const auto host = host_place::find();
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";

    const auto seen = leave(1, 2, true);

    if (world_rank() == 0 && host.size > 1) {
        EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
        EXPECT_THAT(seen.text, testing::HasSubstr("rank 1"));
    }
}

TEST(TeamLoss, MakingAnArrayTellsThatARankHasLeft) {
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";
    caught_error seen;
    try {
        team everyone(MPI_COMM_WORLD);
        const nodespan::array<int, 1> before(everyone, {100});
        if (everyone.rank() == 0) throw std::runtime_error("this rank leaves");
        seen = caught([&] { const nodespan::array<int, 1> never(everyone, {100}); });
    } catch (const std::runtime_error&) {
        seen.code = errc::peer_lost; // the one that left
    }

    EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
}

TEST(TeamLoss, NewTeamsWorkAfterALoss) {
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";
    leave(0, 1, false);

    team fresh(MPI_COMM_WORLD);

    EXPECT_TRUE(counters_agree(fresh, 50, [&] { fresh.fence(); }));
}

} // namespace
