// The k-th MPI call fails under the C interface: every rank is told a code and MPI's words, or none
// is, and no exception leaves.

#include "failing_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/nodespan.h>

#include <cstdint>
#include <string>

namespace {

using namespace nodespan::test;

// What the cases take for a rank's failure.
void throw_unless_good(int code) {
    if (code == NODESPAN_SUCCESS) return;
    const std::string message = nodespan_last_error_message();
    EXPECT_EQ(code, NODESPAN_ERROR_MPI) << message;
    EXPECT_NE(nodespan_last_error_mpi_code(), MPI_SUCCESS) << message;
    EXPECT_EQ(nodespan_last_error_is_collective(), 1) << message;
    EXPECT_EQ(message.find("nodespan: "), 0U) << message;
    throw nodespan::error(nodespan::errc::peer_lost, message);
}

TEST(FailingCallInC, ATeamIsMadeOnAllRanksOrOnNone) {
    nodespan_team made = nullptr;
    const auto make = [&] { throw_unless_good(nodespan_team_create(MPI_COMM_WORLD, 0, &made)); };
    const int calls = count_calls(make);
    ASSERT_GT(calls, 20);

    expect_all_or_none(calls, make, [&] { nodespan_team_free(&made); });

    EXPECT_EQ(nodespan_team_free(&made), NODESPAN_SUCCESS);
}

TEST(FailingCallInC, AnArrayIsMadeOnAllRanksOrOnNone) {
    if (world_size() == 1) GTEST_SKIP() << "one rank's memory needs no MPI";
    nodespan_team team = nullptr;
    nodespan_array made = nullptr;
    const std::int64_t extents[] = {100000};
    ASSERT_EQ(nodespan_team_create(MPI_COMM_WORLD, 0, &team), NODESPAN_SUCCESS);
    const auto make = [&] {
        throw_unless_good(nodespan_array_create(team, NODESPAN_INT32, 1, extents, nullptr, &made));
    };
    const int calls = count_calls(make);
    ASSERT_GE(calls, 3); // of a window, at least

    expect_all_or_none(calls, make, [&] { // a window as well, each time
        EXPECT_EQ(nodespan_array_free(&made), NODESPAN_SUCCESS);
        EXPECT_EQ(nodespan_team_free(&team), NODESPAN_SUCCESS);
        ASSERT_EQ(nodespan_team_create(MPI_COMM_WORLD, 0, &team), NODESPAN_SUCCESS);
    });

    EXPECT_EQ(nodespan_array_free(&made), NODESPAN_SUCCESS);
    EXPECT_EQ(nodespan_team_free(&team), NODESPAN_SUCCESS);
}

} // namespace
