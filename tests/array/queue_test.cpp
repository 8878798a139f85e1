#include <nodespan/array.hpp>
#include <nodespan/error.hpp>
#include <nodespan/queue.hpp>

#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::errc;
using nodespan::index_t;
using nodespan::queue;
using nodespan::team;

// The ranks that can share a queue, on any number of nodes.
team node_team() {
    const team everyone(MPI_COMM_WORLD);
    return team(everyone.node_comm());
}

struct command {
    int from;
    index_t number;
};

TEST(Queue, GivesWhatIsPutInOrder) {
    team node = node_team();
    queue<command> commands(node, 3);
    EXPECT_EQ(commands.capacity(), 3);

    if (node.is_leader()) {
        for (index_t i = 0; i < 3; ++i) EXPECT_TRUE(commands.try_put({0, i}));
        EXPECT_FALSE(commands.try_put({0, 3}));
        for (index_t i = 0; i < 3; ++i) {
            const auto got = commands.get();
            ASSERT_TRUE(got);
            EXPECT_EQ(got->number, i);
            commands.task_done();
        }
        EXPECT_FALSE(commands.try_get());
        const auto refused = caught([&] { commands.task_done(); });
        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_THAT(refused.text, testing::HasSubstr("command>(3)::task_done"));
        EXPECT_FALSE(refused.collective);
    }
    node.fence();
}

// Every rank puts and gets; each takes over what it does not expect.
TEST(Queue, LosesNothingWhenEveryRankPutsAndGets) {
    team node = node_team();
    constexpr index_t each = 20'000;
    queue<command> commands(node, 64);
    array<index_t, 1> times(node, {each * node.size()});
    bool is_in_order = true;
    std::vector<index_t> last(static_cast<std::size_t>(node.size()), -1);
    const auto take = [&](const std::optional<command>& got) {
        if (!got) return false;
        index_t& before = last[static_cast<std::size_t>(got->from)];
        is_in_order = is_in_order && before < got->number;
        before = got->number;
        times.fetch_add({got->from * each + got->number}, 1);
        commands.task_done();
        return true;
    };

    for (index_t i = 0; i < each; ++i)
        while (!commands.try_put({node.rank(), i})) take(commands.try_get());
    node.fence(); // all is put; some of it may still be inside
    if (node.is_leader()) commands.close();
    while (take(commands.get())) {}
    commands.join();
    times.fence();

    EXPECT_TRUE(is_in_order);
    EXPECT_TRUE(commands.is_closed());
    EXPECT_FALSE(commands.put({0, 0}));
    index_t once = 0;
    for (const index_t t : times.node()) once += t == 1;
    EXPECT_EQ(once, times.size());
}

// What is written before put is seen by the one who gets, and the other way by task_done and join.
TEST(Queue, OrdersWhatItsItemsSpeakOf) {
    team node = node_team();
    constexpr index_t items = 500;
    queue<index_t> filled(node, 10);
    array<index_t, 1> data(node, {items}), answers(node, {items});
    const auto work = [&](const std::optional<index_t>& got) {
        if (!got) return false;
        answers(*got) = data(*got) * 2;
        filled.task_done();
        return true;
    };

    if (node.is_leader()) {
        for (index_t i = 0; i < items; ++i) {
            data(i) = 7 * i + 1;
            while (!filled.try_put(i)) work(filled.try_get());
        }
        while (work(filled.try_get())) {}
        filled.join();
        for (index_t i = 0; i < items; ++i) ASSERT_EQ(answers(i), 14 * i + 2);
        filled.close();
    } else {
        while (work(filled.get())) {}
    }
    node.fence();
}

// As long commands take different times, and some ranks sleep.
TEST(Queue, JoinWaitsForWorkersThatTakeTheirTime) {
    team node = node_team();
    if (node.size() < 2) GTEST_SKIP() << "needs a worker on each node";
    queue<int> commands(node);
    array<int, 1> done(node, {1});
    for (int round = 0; round < 5; ++round) {
        if (node.is_leader()) {
            for (int i = 0; i < 20; ++i) commands.put(i);
            commands.join();
            EXPECT_EQ(done(0), 20 * (round + 1));
            for (int worker = 1; worker < node.size(); ++worker) commands.put(-1);
        } else {
            while (*commands.get() >= 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(100 * node.rank()));
                done.fetch_add({0}, 1);
                commands.task_done();
            }
            commands.task_done(); // of the -1
        }
        node.fence();
    }
}

TEST(Queue, CloseEndsTheWaitOfEveryRank) {
    team node = node_team();
    for (const bool is_full : {false, true}) {
        queue<int> commands(node, 1);
        if (node.is_leader() && is_full) commands.put(0);
        node.fence();

        bool got_through = false;
        if (node.is_leader()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20)); // the others are asleep
            commands.close();
        } else {
            got_through = is_full ? commands.put(1) : commands.get().has_value();
        }
        node.fence();

        EXPECT_FALSE(got_through);
    }
}

TEST(Queue, SeveralLiveSideBySideAndCanBeMoved) {
    team node = node_team();
    std::vector<queue<index_t>> queues;
    for (int i = 0; i < 20; ++i) queues.emplace_back(node, 4);
    const auto k = static_cast<std::size_t>(node.rank()) % queues.size();

    const bool is_in = queues[k].put(node.rank());
    const queue<index_t>& same = queues[k];

    EXPECT_TRUE(is_in);
    EXPECT_EQ(queues[k].get(), node.rank());
    EXPECT_FALSE(same.is_closed());
    node.fence();
}

TEST(Queue, ANewOneIsEmptyAlsoWhereAnOldOneWas) {
    team node = node_team();
    for (int round = 0; round < 10; ++round) {
        queue<index_t> commands(node, 5);

        const auto found = commands.try_get();

        EXPECT_FALSE(found);
        EXPECT_FALSE(commands.is_closed());
        node.fence();
        commands.try_put(round);
        node.fence();
        commands.close();
    }
}

TEST(QueueRefusals, AnswerOnAllRanksAndTheTeamGoesOn) {
    team node = node_team();

    for (const index_t bad : {index_t{0}, index_t{-5}, index_t{1} << 60}) {
        const auto refused = caught([&] { const queue<int> never(node, bad); });
        EXPECT_EQ(refused.code, errc::invalid_argument) << refused.text;
        EXPECT_TRUE(refused.collective);
        EXPECT_THAT(refused.text, testing::HasSubstr("queue<int>(" + std::to_string(bad) + ")"));
    }
    const auto too_large = caught([&] { const queue<int> never(node, index_t{1} << 50); });
    EXPECT_EQ(too_large.code, errc::no_capacity) << too_large.text;
    if (node.size() > 1) {
        const auto differs = caught([&] { const queue<int> never(node, 1 + node.rank()); });
        EXPECT_EQ(differs.code, errc::mismatched_arguments) << differs.text;
        EXPECT_TRUE(differs.collective);
        const auto other_type = caught([&] {
            if (node.is_leader())
                const queue<int> never(node, 5);
            else
                const queue<float> never(node, 5);
        });
        EXPECT_EQ(other_type.code, errc::mismatched_arguments) << other_type.text;
    }

    queue<int> works(node, node.size());
    if (node.is_leader()) {
        EXPECT_TRUE(works.put(1));
    }
    node.fence();
}

TEST(QueueRefusals, TeamsOfSeveralNodesAreToldWhatToUse) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.nodes() == 1) GTEST_SKIP() << "one node";

    const auto refused = caught([&] { const queue<int> never(everyone, 5); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_TRUE(refused.collective);
    EXPECT_THAT(refused.text, testing::HasSubstr("team(everyone.node_comm())"));
    EXPECT_THAT(refused.text, testing::HasSubstr("counter"));
    everyone.fence();
}

enum class waiting { get, put, join };

// The leader of each node throws past its team while the others wait. What this rank saw.
caught_error wait_for_one_who_leaves(waiting kind) {
    caught_error seen;
    try {
        team node = node_team();
        queue<int> commands(node, 1);
        if (node.is_leader() && kind != waiting::get) commands.put(1);
        node.fence();
        MPI_Barrier(MPI_COMM_WORLD); // nobody is still inside that fence
        if (node.is_leader()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20)); // the others are asleep
            throw std::runtime_error("this rank leaves");
        }
        seen = caught([&] {
            if (kind == waiting::get) commands.get();
            if (kind == waiting::put) commands.put(2);
            if (kind == waiting::join) commands.join();
        });
    } catch (const std::runtime_error& left) {
        if (std::string(left.what()) == "this rank leaves") seen.code = errc::peer_lost;
    }
    return seen; // and destructors have returned
}

TEST(QueueLoss, EveryWaitEndsWhenARankHasLeftByAnException) {
    for (const waiting kind : {waiting::get, waiting::put, waiting::join}) {
        const auto seen = wait_for_one_who_leaves(kind);

        EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
    }
}

// The team lives on where one rank's queue alone is unwound.
TEST(QueueLoss, EveryWaitEndsWhereOneRanksQueueIsUnwoundInsideItsTeam) {
    team node = node_team();
    for (const waiting kind : {waiting::get, waiting::put, waiting::join}) {
        caught_error seen;
        try {
            queue<int> commands(node, 1);
            if (node.is_leader() && kind != waiting::get) commands.put(1);
            node.fence();
            if (node.is_leader()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20)); // others are asleep
                throw std::runtime_error("this rank's queue ends");
            }
            if (kind == waiting::get) commands.get();
            if (kind == waiting::put) commands.put(2);
            if (kind == waiting::join) commands.join();
        } catch (const nodespan::error& failure) {
            seen = {failure.code(), failure.what(), failure.is_collective()};
        } catch (const std::runtime_error&) {
            seen.code = errc::peer_lost;
        }
        node.fence();

        EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
    }
    queue<int> works(node, node.size());
    EXPECT_TRUE(works.put(1));
    node.fence();
}

} // namespace
