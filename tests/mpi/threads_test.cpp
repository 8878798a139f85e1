#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

// With NODESPAN_TEST_SERIALIZED set MPI is started with MPI_THREAD_SERIALIZED, else with
// MPI_THREAD_FUNNELED.
namespace {

using namespace nodespan;
using testing::HasSubstr;

constexpr int threads = 4;

// Runs f(k) on threads 0 to threads - 1, all at once.
template <class F>
void on_threads(F&& f) {
    std::vector<std::jthread> all;
    for (int k = 0; k < threads; ++k) all.emplace_back([&f, k] { f(k); });
}

bool is_serialized() {
    int level = 0;
    MPI_Query_thread(&level);
    return level >= MPI_THREAD_SERIALIZED;
}

class Threads : public testing::Test {
protected:
    team everyone{MPI_COMM_WORLD};
};

TEST_F(Threads, ShareViewsOfTheirRanksElements) {
    array<int, 2> field(everyone, {64 * everyone.size(), 10});

    on_threads([&](int k) {
        const auto mine = field.local();
        for (index_t i = k; i < mine.extent(0); i += threads)
            for (int& x : mine.row(i)) x = static_cast<int>(field.rank_box().lo[0] + i);
    });
    field.fence();

    for (index_t i = 0; i < field.extent(0); ++i) EXPECT_EQ(field.get({i, 9}), i);
}

TEST_F(Threads, AddToElementsOfTheirNodeInOneStep) {
    if (everyone.nodes() > 1) GTEST_SKIP() << "over several nodes that is a call to MPI";
    array<index_t, 1> sums(everyone, {3});
    const std::vector<index_t> ones(3, 1);

    on_threads([&](int) {
        for (int i = 0; i < 1000; ++i) sums.fetch_add({1}, 1);
        for (int i = 0; i < 100; ++i) sums.accumulate({{0}, {3}}, ones);
    });
    sums.fence();

    EXPECT_EQ(sums.get({1}), 1100 * threads * everyone.size());
    EXPECT_EQ(sums.get({2}), 100 * threads * everyone.size());
}

TEST_F(Threads, TakeTheLockOfTheirNodeByTurns) {
    if (everyone.nodes() > 1) GTEST_SKIP() << "over several nodes that is a call to MPI";
    array<index_t, 1> sum(everyone, {1});

    on_threads([&](int k) {
        for (int i = 0; i < 500; ++i)
            if ((i + k) % 4 == 0) {
                const std::shared_lock reading(sum.mutex(0));
                EXPECT_GE(sum(0), 0);
            } else {
                const std::scoped_lock writing(sum.mutex(0));
                sum(0) = sum(0) + 1;
            }
    });
    sum.fence();

    EXPECT_EQ(sum(0), 375 * threads * everyone.size());
}

TEST_F(Threads, PutAndGetCommandsOfAQueue) {
    if (everyone.nodes() > 1) GTEST_SKIP() << "a queue is of one node";
    queue<int> commands(everyone, 8);
    array<index_t, 1> sum(everyone, {1});

    on_threads([&](int k) {
        for (int i = 0; i < 200; ++i) {
            if (k % 2 == 0) {
                commands.put(i);
            } else {
                sum.fetch_add({0}, *commands.get());
                commands.task_done();
            }
        }
    });
    everyone.fence();

    EXPECT_EQ(sum(0), 199 * 200 / 2 * (threads / 2) * everyone.size());
}

TEST_F(Threads, OtherThanTheMainOneAreRefusedWhereMpiWouldNotHaveThem) {
    if (is_serialized()) GTEST_SKIP() << "here MPI has them";
    array<int, 1> field(everyone, {10 * everyone.size()});
    std::vector<int> room(static_cast<std::size_t>(field.size()));
    test::caught_error fence, making, whole, team_of_its_own;

    std::jthread([&] {
        fence = test::caught([&] { field.fence(); });
        making = test::caught([&] { array<int, 1>(everyone, {5}); });
        whole = test::caught([&] { field.get({{0}, {field.size()}}, room); });
        team_of_its_own = test::caught([&] { team(MPI_COMM_SELF); });
    }).join();
    field.fence(); // the main thread goes on

    EXPECT_EQ(fence.code, errc::wrong_thread);
    EXPECT_THAT(fence.text, HasSubstr("fence: this is not the main thread"));
    EXPECT_THAT(fence.text, HasSubstr("thread_level::serialized"));
    EXPECT_EQ(making.code, errc::wrong_thread);
    EXPECT_EQ(team_of_its_own.code, errc::wrong_thread);
    if (everyone.nodes() > 1) {
        EXPECT_EQ(whole.code, errc::wrong_thread);
    } else {
        EXPECT_EQ(whole.code, std::error_code{});
    }
}

TEST_F(Threads, CallInTurnWhereMpiIsSerialized) {
    if (!is_serialized()) GTEST_SKIP() << "MPI was started otherwise";
    array<index_t, 1> field(everyone, {everyone.size()});
    std::mutex one_at_a_time;

    on_threads([&](int) {
        for (int i = 0; i < 50; ++i) {
            const std::scoped_lock turn(one_at_a_time);
            field.fetch_add({i % everyone.size()}, 1);
        }
    });
    std::jthread([&] { field.fence(); }).join();

    EXPECT_EQ(sum(field), 50 * threads * everyone.size());
}

TEST_F(Threads, ThatCallAtTheSameTimeAreToldSo) {
    if (!is_serialized()) GTEST_SKIP() << "MPI was started otherwise";
    if (everyone.size() == 1) GTEST_SKIP() << "nobody waits";
    if (everyone.nodes() > 1) GTEST_SKIP() << "the main thread may not call MPI meanwhile";
    std::atomic<bool> is_waiting = false;
    test::caught_error second;

    // Rank 0 lets the others wait in the fence until they have tried another call.
    if (everyone.rank() == 0) {
        MPI_Barrier(MPI_COMM_WORLD);
        everyone.fence();
    } else {
        std::jthread first([&] {
            is_waiting = true;
            everyone.fence();
        });
        while (!is_waiting) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(50)); // it is in the fence now
        second = test::caught([&] { everyone.fence(); });
        MPI_Barrier(MPI_COMM_WORLD);
    }

    if (everyone.rank() > 0) {
        EXPECT_EQ(second.code, errc::wrong_thread);
        EXPECT_THAT(second.text, HasSubstr("another thread of this rank is in fence"));
    }
}

} // namespace
