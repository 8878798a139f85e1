// The k-th MPI call fails, for every k while teams and arrays are made: every rank gets an
// exception, or none does, and nobody hangs.

#include "interposer.hpp"

#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <optional>
#include <string>

namespace {

using namespace nodespan;

constexpr int everywhere = -1;

int world_rank() {
    int rank = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int world_size() {
    int size = 0;
    PMPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

// Runs `make` with call `k` of rank `where` failing; everywhere: with the k-th of the calls that
// all ranks make alike. Whether this rank threw.
template <class Make>
bool throws_when_failing(int k, int where, Make&& make) {
    const bool here = where == everywhere || where == world_rank();
    interposer::fail_call(here ? k : 0, where == everywhere);
    bool threw = false;
    try {
        make();
    } catch (const error&) {
        threw = true;
    }
    interposer::stop();
    return threw;
}

// Ranks that threw, over the whole world.
int count_on_all(bool threw) {
    int mine = threw ? 1 : 0, all = 0;
    PMPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

// The most calls any rank makes in `make`.
template <class Make>
int count_calls(Make&& make) {
    interposer::fail_call(0);
    make();
    int mine = interposer::stop(), most = 0;
    PMPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

// Fails each call in turn, on one rank and then on all, and checks that ranks throw together.
// `reset` brings `make`'s surroundings back to their beginning.
template <class Make, class Reset>
void expect_all_or_none(int calls, Make&& make, Reset&& reset) {
    for (int k = 1; k <= calls; ++k)
        for (int where = everywhere; where < world_size(); ++where) {
            SCOPED_TRACE("call " + std::to_string(k) + " fails on " +
                         (where == everywhere ? "all ranks" : "rank " + std::to_string(where)));
            reset();

            const bool threw = throws_when_failing(k, where, make);

            const int ranks = count_on_all(threw);
            EXPECT_TRUE(ranks == 0 || ranks == world_size())
                << ranks << " ranks threw; " << interposer::failed();
        }
}

TEST(FailingCall, ATeamIsMadeOnAllRanksOrOnNone) {
    std::optional<team> made;
    const auto make = [&] { made.emplace(MPI_COMM_WORLD); };
    const int calls = count_calls(make);
    ASSERT_GT(calls, 20);

    expect_all_or_none(calls, make, [&] { made.reset(); });
}

TEST(FailingCall, ATeamIsSplitOnAllRanksOrOnNone) {
    const team everyone(MPI_COMM_WORLD);
    std::optional<team> part;
    const auto make = [&] { part.emplace(everyone.split(everyone.rank() % 2)); };
    const int calls = count_calls(make);
    ASSERT_GT(calls, 10);

    expect_all_or_none(calls, make, [&] { part.reset(); });
}

TEST(FailingCall, MostFailuresAreReported) {
    std::optional<team> made;
    int reported = 0;
    const auto make = [&] { made.emplace(MPI_COMM_WORLD); };
    const int calls = count_calls(make);

    for (int k = 1; k <= calls; ++k) {
        made.reset();
        reported += throws_when_failing(k, 0, make) ? 1 : 0;
    }

    // Only the second rounds of agreements may fail without harm.
    EXPECT_GT(reported, calls / 2);
}

TEST(FailingCall, AnArrayIsMadeOnAllRanksOrOnNoneAndTheTeamLivesOn) {
    std::optional<team> everyone(MPI_COMM_WORLD);
    std::optional<array<int, 1>> made;
    const auto make = [&] { made.emplace(*everyone, indices<1>{100000}); };
    const int calls = count_calls(make); // the first array makes a window as well
    ASSERT_GT(calls, 3);

    expect_all_or_none(calls, make, [&] {
        made.reset();
        everyone.emplace(MPI_COMM_WORLD);
    });

    made.reset();
    for (int k = 1; k <= calls; ++k) {
        SCOPED_TRACE("call " + std::to_string(k));
        throws_when_failing(k, everywhere, [&] { array<int, 1>(*everyone, {1000}); });
        array<int, 1> after(*everyone, {world_size()}); // the same team, no failure any more
        for (int& element : after.local()) element = world_rank();
        after.fence();
    }
}

} // namespace
