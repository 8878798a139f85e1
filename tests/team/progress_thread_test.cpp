#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

// With NODESPAN_TEST_SERIALIZED set MPI is started with MPI_THREAD_SERIALIZED, else with
// MPI_THREAD_FUNNELED.
namespace {

using namespace nodespan;
using clock_type = std::chrono::steady_clock;
using testing::HasSubstr;

bool is_serialized() {
    int level = 0;
    MPI_Query_thread(&level);
    return level >= MPI_THREAD_SERIALIZED;
}

// Computes until somebody has changed `word`; at most 40 s.
void compute_until_set(index_t& word) {
    const auto begin = clock_type::now();
    while (std::atomic_ref(word).load(std::memory_order_acquire) == 0)
        if (clock_type::now() - begin > std::chrono::seconds(40)) return;
}

// Rank 0, a leader, calls nothing while the last rank reads and changes what lies with it.
void expect_answers_of_a_computing_leader(team& everyone) {
    array<index_t, 1> field(everyone, {2 * everyone.size()}, {.name = "field"});
    const int last = everyone.size() - 1;
    std::vector<double> microseconds;
    field.fence();

    if (everyone.rank() == 0) {
        compute_until_set(field(1));
        EXPECT_EQ(field(1), 7) << "what the last rank sent has not come";
    } else if (everyone.rank() == last) {
        for (int i = 0; i < 50; ++i) {
            const auto begin = clock_type::now();
            EXPECT_EQ(field.get({0}), 0);
            microseconds.push_back(
                std::chrono::duration<double, std::micro>(clock_type::now() - begin).count());
        }
        field.fetch_add({1}, 7);
    }
    field.fence();

    if (everyone.rank() == last) {
        std::ranges::sort(microseconds);
        std::printf("a get from a leader that computes: %.0f us (median), %.0f to %.0f us\n",
                    microseconds[25], microseconds.front(), microseconds.back());
    }
}

TEST(ProgressThread, AnswersForALeaderThatComputes) {
    if (!is_serialized()) GTEST_SKIP() << "MPI was started otherwise";
    team everyone(MPI_COMM_WORLD, {.progress = progress_by::serialized_thread});
    if (everyone.nodes() == 1) GTEST_SKIP() << "nobody needs it";

    expect_answers_of_a_computing_leader(everyone);
}

TEST(ProgressThread, IsThereInTeamsThatAreSplitOff) {
    if (!is_serialized()) GTEST_SKIP() << "MPI was started otherwise";
    team everyone(MPI_COMM_WORLD, {.progress = progress_by::serialized_thread});
    if (everyone.nodes() == 1) GTEST_SKIP() << "nobody needs it";
    team last_of_nodes =
        everyone.split(everyone.node_rank() == everyone.node_size() - 1 ? 0 : 1); // new leaders

    if (last_of_nodes.nodes() > 1) expect_answers_of_a_computing_leader(last_of_nodes);
}

index_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
}

TEST(ProgressThread, EndsWithTheTeamsThatHaveIt) {
    if (!is_serialized()) GTEST_SKIP() << "MPI was started otherwise";
    team without(MPI_COMM_WORLD, {.progress = progress_by::calls});
    if (without.nodes() == 1) GTEST_SKIP() << "nobody needs it";
    const index_t before = threads_of_this_process();

    {
        const team_options with{.progress = progress_by::serialized_thread};
        team first(MPI_COMM_WORLD, with);
        const team second(MPI_COMM_WORLD, with);
        EXPECT_EQ(threads_of_this_process(), before + (first.is_leader() ? 1 : 0));
    }

    EXPECT_EQ(threads_of_this_process(), before);
}

TEST(ProgressThread, IsRefusedOnAllRanksWhereMpiHasNotTheLevel) {
    int level = 0;
    MPI_Query_thread(&level);
    const test::caught_error any =
        test::caught([] { team(MPI_COMM_WORLD, {.progress = progress_by::thread}); });
    const test::caught_error serialized =
        test::caught([] { team(MPI_COMM_WORLD, {.progress = progress_by::serialized_thread}); });

    if (level < MPI_THREAD_MULTIPLE) {
        EXPECT_EQ(any.code, errc::invalid_argument);
        EXPECT_THAT(any.text, HasSubstr("progress by a thread needs MPI_THREAD_MULTIPLE"));
        EXPECT_THAT(any.text, HasSubstr("ask for thread_level::multiple"));
    }
    if (level < MPI_THREAD_SERIALIZED) {
        EXPECT_EQ(serialized.code, errc::invalid_argument);
        EXPECT_THAT(serialized.text, HasSubstr("ask for thread_level::serialized"));
    } else {
        EXPECT_EQ(serialized.code, std::error_code{});
    }
}

TEST(ProgressThread, IsRefusedOnAllRanksByANameThatIsNone) {
    setenv("NODESPAN_PROGRESS_BY", "magic", 1);
    const test::caught_error refused = test::caught([] { team(MPI_COMM_WORLD); });
    unsetenv("NODESPAN_PROGRESS_BY");

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr("NODESPAN_PROGRESS_BY=\"magic\" is none of calls, thread"));
}

} // namespace
