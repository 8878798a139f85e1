#include <nodespan/mutex.hpp>

#include "forked.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>

namespace {

using nodespan::test::actors;
using nodespan::test::all_good;
using nodespan::test::shared_memory;

struct scene {
    nodespan::detail::mutex_words words;
    alignas(64) long counter; // plain: only the lock orders its writers
    long twin;
    std::atomic<int> stage;
    std::atomic<int> inside;
    std::atomic<int> order[8];
    std::atomic<bool> stop;
};

void pause_shortly() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// Waits until the condition holds; false after 20 seconds.
template <class Condition>
bool soon(Condition&& holds) {
    for (int i = 0; i < 20'000; ++i) {
        if (holds()) return true;
        pause_shortly();
    }
    return false;
}

class Mutex : public testing::TestWithParam<std::tuple<actors, bool>> {
protected:
    actors kind() const { return std::get<0>(GetParam()); }
    nodespan::mutex lock() const { return {&world().words, std::get<1>(GetParam())}; }
    scene& world() const { return memory_.as<scene>(); }

private:
    shared_memory memory_{sizeof(scene)};
};

TEST_P(Mutex, LetsOneWriterInAtATime) {
    constexpr int writers = 4, rounds = 20'000;

    const bool good = all_good(kind(), writers, [&](int) {
        nodespan::mutex mine = lock();
        for (int i = 0; i < rounds; ++i) {
            const std::scoped_lock guard(mine);
            world().counter += 1;
        }
        return true;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(world().counter, long{writers} * rounds);
}

TEST_P(Mutex, ReadersNeverSeeAHalfWrittenPair) {
    constexpr int rounds = 10'000;

    const bool good = all_good(kind(), 4, [&](int rank) {
        nodespan::mutex mine = lock();
        bool equal = true;
        for (int i = 0; i < rounds; ++i) {
            if (rank < 2) {
                const std::unique_lock guard(mine);
                world().counter += 1;
                world().twin += 1;
            } else {
                const std::shared_lock guard(mine);
                equal = equal && world().counter == world().twin;
            }
        }
        return equal;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(world().twin, 2L * rounds);
}

TEST_P(Mutex, LetsReadersInTogether) {
    const bool good = all_good(kind(), 3, [&](int) {
        nodespan::mutex mine = lock();
        const std::shared_lock guard(mine);
        world().inside += 1;
        return soon([&] { return world().inside == 3; }); // nobody leaves before all are inside
    });

    EXPECT_TRUE(good);
}

TEST_P(Mutex, TryLockFailsWhileAnotherHoldsIt) {
    const bool good = all_good(kind(), 2, [&](int rank) {
        nodespan::mutex mine = lock();
        if (rank == 0) {
            const std::unique_lock guard(mine);
            world().stage = 1;
            return soon([&] { return world().stage == 2; });
        }
        bool expected = soon([&] { return world().stage == 1; });
        expected = expected && !mine.try_lock() && !mine.try_lock_shared();
        world().stage = 2;
        expected = soon([&] { return mine.try_lock(); }) && expected;
        mine.unlock();
        return expected;
    });

    EXPECT_TRUE(good);
}

TEST_P(Mutex, TryLockSharedSucceedsBesideReadersOnly) {
    nodespan::mutex mine = lock();

    mine.lock_shared();
    EXPECT_FALSE(mine.try_lock());
    EXPECT_TRUE(mine.try_lock_shared());
    mine.unlock_shared();
    EXPECT_FALSE(mine.try_lock());
    mine.unlock_shared();

    ASSERT_TRUE(mine.try_lock());
    EXPECT_FALSE(mine.try_lock_shared());
    mine.unlock();
}

TEST_P(Mutex, TriesExcludeEachOtherToo) {
    constexpr int rounds = 3'000;

    const bool good = all_good(kind(), 3, [&](int rank) {
        nodespan::mutex mine = lock();
        for (int done = 0; done < rounds;) {
            if (rank == 0) {
                mine.lock();
            } else if (!mine.try_lock()) {
                std::this_thread::yield();
                continue;
            }
            world().counter += 1;
            mine.unlock();
            ++done;
        }
        return true;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(world().counter, 3L * rounds);
}

TEST_P(Mutex, ServesInTheOrderOfComing) {
    nodespan::mutex mine = lock();
    mine.lock(); // ticket 0
    std::jthread release([&] {
        soon([&] { return world().words.next == 5; });
        mine.unlock();
    });

    const bool good = all_good(kind(), 4, [&](int rank) {
        const auto ticket = static_cast<std::uint32_t>(rank) + 1;
        if (!soon([&] { return world().words.next == ticket; })) return false;
        nodespan::mutex own = lock();
        const std::unique_lock guard(own);
        world().order[world().stage.fetch_add(1)] = rank;
        return true;
    });

    EXPECT_TRUE(good);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(world().order[i], i);
}

TEST_P(Mutex, AWaitingWriterIsNotStarvedByReaders) {
    const bool good = all_good(kind(), 4, [&](int rank) {
        nodespan::mutex mine = lock();
        if (rank == 0) { // enough that readers would overlap for ever if they passed the writer
            bool got = soon([&] { return world().stage >= 3; });
            for (int i = 0; i < 50; ++i) {
                const std::unique_lock guard(mine);
                got = got && world().inside == 0;
            }
            world().stop = true;
            return got;
        }
        world().stage += 1;
        return soon([&] {
            const std::shared_lock guard(mine);
            world().inside += 1;
            pause_shortly();
            world().inside -= 1;
            return world().stop.load();
        });
    });

    EXPECT_TRUE(good);
}

TEST_P(Mutex, AReaderBehindAWaitingWriterWaits) {
    nodespan::mutex mine = lock();
    mine.lock_shared();

    std::jthread writer([&] {
        nodespan::mutex own = lock();
        own.lock();
        world().counter = 1;
        own.unlock();
    });
    ASSERT_TRUE(soon([&] { return world().words.next == 2; }));

    EXPECT_FALSE(mine.try_lock_shared());
    EXPECT_EQ(world().counter, 0);
    mine.unlock_shared();
    writer.join();
    EXPECT_EQ(world().counter, 1);
}

TEST_P(Mutex, GoesOnWhenItsTicketsWrapAround) {
    world().words.next = world().words.read = world().words.write = 0xFFFFFFF0U;

    const bool good = all_good(kind(), 4, [&](int rank) {
        nodespan::mutex mine = lock();
        for (int i = 0; i < 100; ++i) {
            if (rank % 2 == 0) {
                const std::scoped_lock guard(mine);
                world().counter += 1;
            } else {
                const std::shared_lock guard(mine);
            }
        }
        return true;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(world().counter, 200);
}

std::string scenario_name(const testing::TestParamInfo<std::tuple<actors, bool>>& scenario) {
    const auto [kind, oversubscribed] = scenario.param;
    return std::string(kind == actors::threads ? "Threads" : "Processes") +
           (oversubscribed ? "Oversubscribed" : "WithACoreEach");
}

INSTANTIATE_TEST_SUITE_P(All, Mutex,
                         testing::Combine(testing::Values(actors::threads, actors::processes),
                                          testing::Bool()),
                         scenario_name);

TEST(MutexPairs, ScopedLockTakesTwoWithoutDeadlock) {
    const shared_memory memory(2 * sizeof(scene));
    auto* scenes = static_cast<scene*>(memory.data());

    const bool good = all_good(actors::processes, 2, [&](int rank) {
        nodespan::mutex a{&scenes[rank].words, true}, b{&scenes[1 - rank].words, true};
        for (int i = 0; i < 5'000; ++i) {
            const std::scoped_lock both(a, b); // in opposite orders
            scenes[0].counter += 1;
        }
        return true;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(scenes[0].counter, 10'000);
}

// The gate of a lock that several nodes want, as far as its own node sees it. What it does where,
// is the test's.
struct gate_of_test final : nodespan::detail::lock_gate {
    bool begin_call() override {
        at_begin();
        ++calls;
        return true;
    }
    void end_call() noexcept override { --calls; }
    void close() override { at_close(); }
    bool try_close() override {
        at_close();
        return true;
    }
    void open() override { at_open(); }
    void close_shared() override { at_close(); }
    bool try_close_shared() override { return try_close(); }
    void open_shared() override { at_open(); }
    void lock() override {}
    bool try_lock() override { return true; }
    void unlock() override {}
    void progress() override { at_progress(); }

    std::function<void()> at_begin = [] {}, at_close = [] {}, at_open = [] {}, at_progress = [] {};
    int calls = 0; // under way
};

void fail() {
    throw std::runtime_error("as the test wants");
}

class MutexThatFails : public testing::Test {
protected:
    nodespan::mutex lock() { return {&words_, true, &gate_}; }
    nodespan::mutex plain() { return {&words_, true}; }
    nodespan::detail::mutex_words& words() { return words_; }
    gate_of_test& gate() { return gate_; }

    // Whether a writer and a reader get it now.
    bool is_free() {
        nodespan::mutex mine = plain();
        if (!mine.try_lock()) return false;
        mine.unlock();
        if (!mine.try_lock_shared()) return false;
        mine.unlock_shared();
        return gate_.calls == 0;
    }

private:
    nodespan::detail::mutex_words words_{};
    gate_of_test gate_;
};

TEST_F(MutexThatFails, IsAsBeforeWhereACallIsRefused) {
    gate().at_begin = fail;
    nodespan::mutex mine = lock();

    EXPECT_THROW(mine.lock(), std::runtime_error);
    EXPECT_THROW(mine.lock_shared(), std::runtime_error);
    EXPECT_THROW(mine.try_lock(), std::runtime_error);
    EXPECT_THROW(mine.try_lock_shared(), std::runtime_error);
    EXPECT_TRUE(is_free());

    nodespan::mutex held = plain();
    held.lock();
    EXPECT_THROW(mine.unlock(), std::runtime_error);
    EXPECT_FALSE(held.try_lock()); // it is held still
    held.unlock();
    held.lock_shared();
    EXPECT_THROW(mine.unlock_shared(), std::runtime_error);
    EXPECT_FALSE(held.try_lock());
    held.unlock_shared();
    EXPECT_TRUE(is_free());
}

TEST_F(MutexThatFails, IsFreeAfterItsGateFailedToClose) {
    gate().at_close = fail;
    nodespan::mutex mine = lock();

    EXPECT_THROW(mine.lock(), std::runtime_error);
    EXPECT_TRUE(is_free());
    EXPECT_THROW(mine.try_lock(), std::runtime_error);
    EXPECT_TRUE(is_free());
    EXPECT_THROW(mine.lock_shared(), std::runtime_error);
    EXPECT_TRUE(is_free());
    EXPECT_THROW(mine.try_lock_shared(), std::runtime_error);
    EXPECT_TRUE(is_free());
}

TEST_F(MutexThatFails, IsFreeAfterItsGateFailedToOpen) {
    nodespan::mutex mine = lock();
    mine.lock();
    gate().at_open = fail;

    EXPECT_THROW(mine.unlock(), std::runtime_error);
    EXPECT_TRUE(is_free());
    mine.lock_shared();
    EXPECT_THROW(mine.unlock_shared(), std::runtime_error);
    EXPECT_TRUE(is_free());
}

TEST_F(MutexThatFails, IsNotLostWithAWaitThatThrows) {
    nodespan::mutex holder = plain(), waiter = lock();
    gate().at_progress = fail;

    holder.lock();
    EXPECT_THROW(waiter.lock(), std::runtime_error);
    EXPECT_THROW(waiter.lock_shared(), std::runtime_error);
    holder.unlock();
    EXPECT_TRUE(is_free());
    holder.lock_shared();
    EXPECT_THROW(waiter.lock(), std::runtime_error);
    EXPECT_TRUE(holder.try_lock_shared()); // no writer waits any more
    holder.unlock_shared();
    holder.unlock_shared();
    EXPECT_TRUE(is_free());
}

TEST_F(MutexThatFails, GoesToThoseBehindAWaitThatThrows) {
    for (const bool is_reader : {false, true}) {
        nodespan::mutex holder = plain();
        const std::uint32_t first = words().next;
        std::atomic<int> failed = 0, passed = 0;
        gate().at_progress = [&] { // only once there is somebody behind
            if (words().next == first + 4) fail();
        };

        holder.lock();
        std::jthread waiter([&] {
            nodespan::mutex mine = lock();
            try {
                is_reader ? mine.lock_shared() : mine.lock();
            } catch (const std::runtime_error&) {
                ++failed;
            }
        });
        ASSERT_TRUE(soon([&] { return words().next == first + 2; }));
        std::jthread behind([&] {
            nodespan::mutex mine = plain();
            const std::scoped_lock guard(mine);
            ++passed;
        });
        ASSERT_TRUE(soon([&] { return words().next == first + 3; }));
        std::jthread reader([&] {
            nodespan::mutex mine = plain();
            const std::shared_lock guard(mine);
            ++passed;
        });
        ASSERT_TRUE(soon([&] { return words().next == first + 4; }));
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // it fails now
        holder.unlock();

        ASSERT_TRUE(soon([&] { return failed == 1 && passed == 2; }));
        waiter.join();
        EXPECT_TRUE(is_free());
    }
}

} // namespace
