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

// How often a thread has called MPI to make it progress.
std::atomic<std::thread::id> watched;
std::atomic<int> probes = 0;

std::atomic<int>& probes_of(std::thread::id thread) {
    watched = thread;
    return probes;
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

TEST_F(Threads, ThatAreRefusedALockTakeItFromNobody) {
    if (is_serialized()) GTEST_SKIP() << "here MPI has them";
    if (everyone.nodes() == 1) GTEST_SKIP() << "here locks are no call to MPI";
    array<int, 1> field(everyone, {everyone.size()});
    std::vector<test::caught_error> refused;

    std::jthread([&] {
        for (int node = 0; node < everyone.nodes(); ++node) {
            nodespan::mutex& lock = field.mutex(node);
            refused.push_back(test::caught([&] { lock.lock(); }));
            refused.push_back(test::caught([&] { lock.lock_shared(); }));
            refused.push_back(test::caught([&] { lock.try_lock(); }));
            refused.push_back(test::caught([&] { lock.try_lock_shared(); }));
        }
    }).join();
    field.fence();

    for (const test::caught_error& one : refused) EXPECT_EQ(one.code, errc::wrong_thread);
    for (int node = 0; node < everyone.nodes(); ++node) { // all ranks get all locks
        const std::scoped_lock writing(field.mutex(node));
    }
    for (int node = 0; node < everyone.nodes(); ++node) {
        const std::shared_lock reading(field.mutex(node));
    }
    field.fence();
}

TEST_F(Threads, ThatAreRefusedAnUnlockLeaveTheLockToWhoHoldsIt) {
    if (is_serialized()) GTEST_SKIP() << "here MPI has them";
    if (everyone.nodes() == 1) GTEST_SKIP() << "here locks are no call to MPI";
    array<int, 1> field(everyone, {everyone.size()});

    for (int holder = 0; holder < everyone.size(); ++holder) {
        for (int node = 0; node < everyone.nodes(); ++node) {
            nodespan::mutex& lock = field.mutex(node);
            if (everyone.rank() == holder) {
                test::caught_error refused;
                lock.lock();
                std::jthread([&] { refused = test::caught([&] { lock.unlock(); }); }).join();
                EXPECT_EQ(refused.code, errc::wrong_thread);
            }
            MPI_Barrier(MPI_COMM_WORLD);
            if (everyone.rank() != holder) {
                EXPECT_FALSE(lock.try_lock());
            }
            MPI_Barrier(MPI_COMM_WORLD);
            if (everyone.rank() == holder) lock.unlock();
            MPI_Barrier(MPI_COMM_WORLD);
        }
    }
    field.fence();
}

// A leader that waits in a team of its node serves what other nodes want of it meanwhile.
TEST_F(Threads, ServeOtherNodesWhileTheyWaitWhicheverThreadItIs) {
    if (everyone.nodes() == 1 || everyone.placement().node_size(0) == 1)
        GTEST_SKIP() << "no other node, or nobody to wait for";
    const auto work = [&] {
        array<double, 1> field(everyone, {1 << 18});
        team here = everyone.split(everyone.node());
        const int last = everyone.size() - 1;
        std::vector<double> room(1 << 17);
        field.fence();
        if (everyone.rank() == last) {
            field.get({{0}, {1 << 17}}, room);
            MPI_Send(nullptr, 0, MPI_INT, 1, 5, everyone.comm());
        }
        if (everyone.rank() == 1)
            MPI_Recv(nullptr, 0, MPI_INT, last, 5, everyone.comm(), MPI_STATUS_IGNORE);
        if (everyone.node() == 0) here.fence(); // where rank 0 waits for rank 1
        field.fence();
    };

    if (is_serialized())
        std::jthread(work).join();
    else
        work();
}

// The program says when which thread may call MPI. A wait that is no call of a team's keeps out.
TEST_F(Threads, KeepOutOfMpiWhereAWaitIsNoCallToIt) {
    if (!is_serialized()) GTEST_SKIP() << "here only the main thread calls MPI";
    if (everyone.nodes() == 1 || everyone.placement().node_size(0) == 1)
        GTEST_SKIP() << "no other node, or nobody to wait for";
    team here = everyone.split(everyone.node());
    queue<int> commands(here, 16);
    array<int, 1> locked(here, {1});
    const auto waiting = std::this_thread::get_id();

    if (here.is_leader()) {
        probes_of(waiting) = 0;
        EXPECT_FALSE(commands.get().has_value()); // waits for half a second
        const std::scoped_lock guard(locked.mutex(0));
    } else if (here.rank() == 1) {
        const std::scoped_lock guard(locked.mutex(0));
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        commands.close();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }

    if (here.is_leader()) {
        EXPECT_EQ(probes_of(waiting), 0);
    }
    everyone.fence();
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

extern "C" int MPI_Iprobe(int source, int tag, MPI_Comm comm, int* flag, MPI_Status* status) {
    if (std::this_thread::get_id() == watched.load()) ++probes;
    return PMPI_Iprobe(source, tag, comm, flag, status);
}
