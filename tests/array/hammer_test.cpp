// Fences, locks and atomics, millions of times, by ranks that come at random moments: nothing is
// lost. How often depends on what they cost where the test runs.

#include <nodespan/array.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>

namespace {

using namespace nodespan;

// Rounds that take a second or two: `most` of what one node with a core for each rank can do.
long rounds_for(const team& everyone, long most) {
    if (everyone.nodes() > 1) return most / 400;
    return everyone.is_oversubscribed() ? most / 8 : most;
}

// Mostly none, sometimes some microseconds, rarely a nap.
class delays {
public:
    explicit delays(int rank) : random_(static_cast<std::uint32_t>(rank) + 1) {}

    void wait() {
        const auto dice = random_() % 100'000;
        if (dice == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
        for (auto i = dice < 1000 ? dice : 0; i > 0; --i) sink_ = i;
    }

private:
    std::minstd_rand random_;
    volatile std::uint_fast32_t sink_ = 0;
};

// Slots take turns, so that one fence a round is enough: who is a round ahead writes the other one.
TEST(Hammer, AFenceShowsEveryRankTheSameRound) {
    team everyone(MPI_COMM_WORLD);
    array<long, 2> came(everyone, {everyone.size(), 2});
    view<long, 2> node = came.node();
    delays delay(everyone.rank());
    const long rounds = rounds_for(everyone, 1'000'000);
    long wrong = 0;

    for (long round = 1; round <= rounds; ++round) {
        delay.wait();
        came(everyone.rank(), round % 2) = round;
        came.fence();
        for (index_t peer = 0; peer < node.extent(0); ++peer)
            wrong += node(peer, round % 2) != round;
    }

    EXPECT_EQ(wrong, 0);
}

TEST(Hammer, ALockLosesNoUpdate) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 1> counts(everyone, {everyone.size()});
    delays delay(everyone.rank());
    const long rounds = rounds_for(everyone, 1'000'000);
    const int node = everyone.node();
    const index_t at = counts.node_box().lo[0];

    for (long i = 0; i < rounds; ++i) {
        const std::scoped_lock lock(counts.mutex(node));
        counts(at) += 1;
        delay.wait();
    }
    counts.fence();

    EXPECT_EQ(counts(at), rounds * everyone.node_size());
}

TEST(Hammer, ReadersSeeWholeWrites) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 2> pairs(everyone, {everyone.size(), 2});
    const long rounds = rounds_for(everyone, 300'000);
    const int node = everyone.node();
    const index_t at = pairs.node_box().lo[0];
    long torn = 0;

    for (long i = 0; i < rounds; ++i) {
        if ((i + everyone.rank()) % 4 == 0) {
            const std::scoped_lock lock(pairs.mutex(node));
            pairs(at, 0) += 1;
            pairs(at, 1) -= 1;
        } else {
            const std::shared_lock lock(pairs.mutex(node));
            torn += pairs(at, 0) != -pairs(at, 1);
        }
    }
    pairs.fence();

    EXPECT_EQ(torn, 0);
}

TEST(Hammer, AtomicsLoseNothing) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 1> counts(everyone, {2 * everyone.size()});
    const long rounds = rounds_for(everyone, 1'000'000);
    const index_t last = counts.extent(0) - 1;

    for (long i = 0; i < rounds; ++i) counts.fetch_add({last}, 1);
    for (long i = 0; i < rounds / 4; ++i)
        for (std::int64_t seen = counts.get({last - 1});
             !counts.compare_exchange({last - 1}, seen, seen + 3);) {}
    counts.fence();

    EXPECT_EQ(counts.get({last}), rounds * everyone.size());
    EXPECT_EQ(counts.get({last - 1}), rounds / 4 * 3 * everyone.size());
    counts.fence();
}

} // namespace
