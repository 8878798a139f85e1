// The k-th MPI call fails, for every k while teams and arrays are made: every rank gets an
// exception, or none does, and nobody hangs.

#include "failing_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <cstdlib>
#include <optional>
#include <string>

namespace {

using namespace nodespan;
using namespace nodespan::test;

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
    if (everyone->size() == 1) GTEST_SKIP() << "one rank's memory needs no MPI";
    ASSERT_GE(calls, 3);

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

TEST(FailingCall, ATeamWithAUsageReportEndsOnAllRanks) {
    setenv("NODESPAN_REPORT", "/dev/null", 1);
    std::optional<team> ending;
    const auto prepare = [&] {
        ending.emplace(MPI_COMM_WORLD);
        array<int, 1>(*ending, {world_size()}).fence();
    };
    prepare();
    const int calls = count_calls([&] { ending.reset(); });
    ASSERT_GE(calls, 4); // among them those that gather the report

    for (int k = 1; k <= calls; ++k)
        for (int where = everywhere; where < world_size(); ++where) {
            prepare();
            EXPECT_FALSE(throws_when_failing(k, where, [&] { ending.reset(); }));
            ASSERT_EQ(count_on_all(true), world_size()); // nobody hangs
        }
    unsetenv("NODESPAN_REPORT");
}

} // namespace
