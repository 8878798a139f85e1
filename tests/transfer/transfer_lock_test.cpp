// Locks of any node, taken by ranks of all nodes.

#include <nodespan/array.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::index_t;
using nodespan::team;

// Two elements on each rank's node.
struct pairs {
    team everyone{MPI_COMM_WORLD};
    array<std::int64_t, 2> a{everyone, {everyone.size(), 2}};
    int rounds = everyone.size() > 4 ? 8 : 40;

    index_t row_on(int node) const { return everyone.placement().first_rank(node); }
    bool is_mine(int node) const { return node == everyone.node(); }

    void add(index_t row) {
        a.put({row, 0}, a.get({row, 0}) + 1);
        a.put({row, 1}, a.get({row, 1}) + 1);
    }
    void expect_sums(std::int64_t expected) {
        a.fence();
        for (int node = 0; node < everyone.nodes(); ++node) {
            EXPECT_EQ(a.get({row_on(node), 0}), expected) << "node " << node;
            EXPECT_EQ(a.get({row_on(node), 1}), expected) << "node " << node;
        }
        a.fence();
    }
};

TEST(MutexOfAnyNode, ProtectsWhatAllRanksReadAndWrite) {
    pairs p;

    for (int i = 0; i < p.rounds; ++i)
        for (int node = 0; node < p.everyone.nodes(); ++node) {
            const std::scoped_lock guard(p.a.mutex(node));
            p.add(p.row_on(node));
        }

    p.expect_sums(std::int64_t{p.rounds} * p.everyone.size());
}

TEST(MutexOfAnyNode, GuardsElementsOfOtherNodesToo) {
    pairs p;
    const int last = p.everyone.nodes() - 1;

    for (int i = 0; i < p.rounds; ++i)
        for (int node = 0; node <= last; ++node) {
            const std::scoped_lock guard(p.a.mutex(node));
            p.add(p.row_on(last - node));
        }

    p.expect_sums(std::int64_t{p.rounds} * p.everyone.size());
}

TEST(MutexOfAnyNode, OrdersDirectAccessAndTransfers) {
    pairs p;

    for (int i = 0; i < p.rounds; ++i)
        for (int node = 0; node < p.everyone.nodes(); ++node) {
            const index_t row = p.row_on(node);
            const std::unique_lock guard(p.a.mutex(node));
            if (p.is_mine(node)) {
                p.a(row, 0) += 1;
                p.a(row, 1) += 1;
            } else {
                p.add(row);
            }
        }

    p.expect_sums(std::int64_t{p.rounds} * p.everyone.size());
}

TEST(MutexOfAnyNode, IsTriedUntilItIsFree) {
    pairs p;

    for (int i = 0; i < p.rounds / 4; ++i)
        for (int node = 0; node < p.everyone.nodes(); ++node) {
            std::unique_lock guard(p.a.mutex(node), std::defer_lock);
            while (!guard.try_lock()) p.everyone.progress();
            p.add(p.row_on(node));
        }

    p.expect_sums(std::int64_t{p.rounds / 4} * p.everyone.size());
}

TEST(MutexOfAnyNode, IsRefusedToThoseWhoTryWhileItIsHeld) {
    pairs p;
    for (int node = 0; node < p.everyone.nodes(); ++node)
        for (int holder = 0; holder < p.everyone.size(); ++holder) {
            nodespan::mutex& lock = p.a.mutex(node);
            const bool holds = p.everyone.rank() == holder;

            if (holds) {
                EXPECT_TRUE(lock.try_lock()); // nobody else wants it
            }
            MPI_Barrier(MPI_COMM_WORLD);
            if (!holds) {
                EXPECT_FALSE(lock.try_lock());
                EXPECT_FALSE(lock.try_lock_shared());
            }
            MPI_Barrier(MPI_COMM_WORLD);
            if (holds) lock.unlock();
            MPI_Barrier(MPI_COMM_WORLD);
        }
}

TEST(MutexOfAnyNode, LetsReadersOfItsNodeInTogether) {
    pairs p;
    for (int node = 0; node < p.everyone.nodes(); ++node) {
        nodespan::mutex& lock = p.a.mutex(node);

        if (p.is_mine(node)) lock.lock_shared();
        MPI_Barrier(MPI_COMM_WORLD); // all are in
        if (!p.is_mine(node)) {
            EXPECT_FALSE(lock.try_lock());
        }
        MPI_Barrier(MPI_COMM_WORLD);
        if (p.is_mine(node)) lock.unlock_shared();
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

TEST(MutexOfAnyNode, KeepsReadersFromHalfDoneWrites) {
    pairs p;

    for (int i = 0; i < p.rounds; ++i)
        for (int node = 0; node < p.everyone.nodes(); ++node) {
            const index_t row = p.row_on(node);
            if ((i + p.everyone.rank()) % 3 == 0) {
                const std::scoped_lock guard(p.a.mutex(node));
                p.add(row);
            } else {
                const std::shared_lock guard(p.a.mutex(node));
                ASSERT_EQ(p.a.get({row, 0}), p.a.get({row, 1}));
            }
        }
    p.a.fence();

    for (int node = 0; node < p.everyone.nodes(); ++node)
        EXPECT_EQ(p.a.get({p.row_on(node), 0}), p.a.get({p.row_on(node), 1}));
    p.a.fence();
}

TEST(MutexOfAnyNode, IsTakenTogetherWithAnother) {
    pairs p;
    if (p.everyone.nodes() == 1) GTEST_SKIP() << "there is one lock only";
    const int here = p.everyone.node(), next = (here + 1) % p.everyone.nodes();

    for (int i = 0; i < p.rounds / 8; ++i) {
        const std::scoped_lock guard(p.a.mutex(here), p.a.mutex(next)); // in any order
        p.add(p.row_on(here));
        p.add(p.row_on(next));
    }
    p.a.fence();

    std::int64_t all = 0;
    for (int node = 0; node < p.everyone.nodes(); ++node) all += p.a.get({p.row_on(node), 0});
    EXPECT_EQ(all, std::int64_t{2} * (p.rounds / 8) * p.everyone.size());
    p.a.fence();
}

// A rank of the lock's node that waits outside of MPI moves on what it has started all the same.
TEST(MutexOfAnyNode, ComesToARankWithTransfersUnderWay) {
    pairs p;
    array<double, 1> other(p.everyone, {5000 * p.everyone.size()});
    const index_t next = (p.everyone.rank() + 1) % p.everyone.size();
    const std::vector<double> values(5000, 2.5);

    for (int i = 0; i < p.rounds; ++i) {
        nodespan::request open = other.put_async({{next * 5000}, {next * 5000 + 5000}}, values);
        nodespan::request few = other.put_async({{next * 5000 + i}, {next * 5000 + i + 70}},
                                                std::span(values).first(70));
        for (int node = 0; node < p.everyone.nodes(); ++node) {
            const std::scoped_lock guard(p.a.mutex(node));
            p.add(p.row_on(node));
        }
        few.wait();
        open.wait();
    }

    p.expect_sums(std::int64_t{p.rounds} * p.everyone.size());
    for (const double value : other.local()) ASSERT_EQ(value, 2.5);
    other.fence();
}

// Readers of node 0 hand the lock on: nobody leaves before another one has come in since, or has
// had 20 ms to. A writer of their node, if it has three ranks, and all ranks of other nodes,
// writers and readers by turns, get it all the same.
TEST(MutexOfAnyNode, ComesToAllWhileReadersOfItsNodeOverlap) {
    pairs p;
    const int readers = std::min(2, p.everyone.placement().node_size(0));
    if (p.everyone.nodes() == 1 || readers < 2) GTEST_SKIP() << "one node, or none to overlap with";
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + std::chrono::seconds(15);
    array<int, 1> done(p.everyone, {p.everyone.size()}); // its first element is on node 0
    nodespan::mutex& lock = p.a.mutex(0);
    const auto all_done = [&] { return done.fetch_add({0}, 0) == p.everyone.size() - readers; };

    if (p.everyone.rank() < readers) {
        std::atomic_ref<std::int64_t> entries(p.a(0, 0)), ended(p.a(0, 1));
        while (ended == 0) {
            const std::shared_lock reading(lock);
            const std::int64_t mine = ++entries;
            const auto patience = clock::now() + std::chrono::milliseconds(20);
            while (entries == mine && clock::now() < patience) p.everyone.progress();
            if (p.everyone.rank() == 0 && (all_done() || clock::now() > deadline)) ended = 1;
        }
    } else {
        for (int i = 0; i < 4; ++i) {
            if ((i + p.everyone.rank()) % 2 == 0) {
                const std::scoped_lock writing(lock);
            } else {
                const std::shared_lock reading(lock);
            }
        }
        done.fetch_add({0}, 1);
    }

    EXPECT_TRUE(clock::now() < deadline || p.everyone.rank() >= readers)
        << "readers starved others";
    p.a.fence();
}

} // namespace
