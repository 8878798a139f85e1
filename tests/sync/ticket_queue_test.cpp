#include "ticket_queue.hpp"

#include "forked.hpp"

#include <nodespan/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using nodespan::errc;
using nodespan::detail::queue_user;
using nodespan::detail::ticket_queue;
using nodespan::test::actors;
using nodespan::test::all_good;
using nodespan::test::random_numbers;
using nodespan::test::shared_memory;

constexpr std::int64_t messages = 1'000'000;

struct scene {
    alignas(128) std::byte queue[64 * 1024];
    std::atomic<int> stage;
    std::atomic<int> count;
    std::atomic<int> is_lost;
    std::atomic<int> order[8];
    std::atomic<std::int64_t> acted_ms, woken_ms; // when
    std::atomic<unsigned char> times[messages];   // each was got
    std::atomic<unsigned char> accepted[messages];
};

struct message {
    int from;
    int number;
};

// One actor's end of the queue in the scene.
class end_of_queue {
public:
    end_of_queue(scene& world, std::int64_t capacity, bool oversubscribed)
        : core_(&world.queue, capacity, sizeof(message), oversubscribed,
                queue_user{0, "queue", [&world] { return world.is_lost != 0; }}) {}

    bool put(message item) { return core_.put(reinterpret_cast<const std::byte*>(&item)); }
    bool try_put(message item) { return core_.try_put(reinterpret_cast<const std::byte*>(&item)); }
    std::optional<message> get() {
        message item{};
        if (!core_.get(reinterpret_cast<std::byte*>(&item))) return std::nullopt;
        return item;
    }
    std::optional<message> try_get() {
        message item{};
        if (!core_.try_get(reinterpret_cast<std::byte*>(&item))) return std::nullopt;
        return item;
    }
    ticket_queue* operator->() { return &core_; }

private:
    ticket_queue core_;
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

template <class Call>
std::error_code code_of(Call&& call) {
    try {
        call();
    } catch (const nodespan::error& failure) {
        return failure.code();
    }
    return {};
}

class Queue : public testing::TestWithParam<std::tuple<actors, bool>> {
protected:
    actors kind() const { return std::get<0>(GetParam()); }
    end_of_queue end(std::int64_t capacity) const {
        return {world(), capacity, std::get<1>(GetParam())};
    }
    scene& world() const { return memory_.as<scene>(); }

    // The tickets that were drawn: the first words of the queue, a line each.
    std::uint64_t puts_begun() const { return ticket_at(0); }
    std::uint64_t gets_begun() const { return ticket_at(128); }

private:
    std::uint64_t ticket_at(std::size_t offset) const {
        return reinterpret_cast<const std::atomic<std::uint64_t>*>(world().queue + offset)->load();
    }

    shared_memory memory_{sizeof(scene)};
};

TEST_P(Queue, GivesItemsInTheOrderTheyCame) {
    for (const std::int64_t capacity : {1, 2, 3, 64}) {
        const shared_memory fresh(sizeof(scene));
        end_of_queue queue(fresh.as<scene>(), capacity, std::get<1>(GetParam()));
        for (int i = 0; i < 1000; ++i) {
            for (int k = 0; k < capacity; ++k) ASSERT_TRUE(queue.try_put({i, k}));
            EXPECT_FALSE(queue.try_put({i, 99})) << "over the capacity of " << capacity;
            for (int k = 0; k < capacity; ++k) {
                const auto got = k % 2 == 0 ? queue.get() : queue.try_get();
                ASSERT_TRUE(got);
                EXPECT_EQ(got->from, i);
                EXPECT_EQ(got->number, k);
            }
            EXPECT_FALSE(queue.try_get());
        }
    }
}

// A million messages with random delays, four that put and four that get.
TEST_P(Queue, LosesNothingGivesNothingTwiceAndKeepsEachProducersOrder) {
    constexpr int producers = 4, consumers = 4, each = messages / producers;

    const bool good = all_good(kind(), producers + consumers, [&](int rank) {
        end_of_queue queue = end(100);
        random_numbers random(static_cast<std::uint64_t>(rank));
        const auto delay = [&] {
            if (random.below(5000) == 0)
                std::this_thread::sleep_for(std::chrono::microseconds(random.below(1000)));
        };
        bool right = true;
        if (rank < producers) {
            for (int i = 0; i < each; ++i, delay())
                right = ((i % 7 == 0 && queue.try_put({rank, i})) || queue.put({rank, i})) && right;
            if (world().count.fetch_add(1) + 1 == producers) queue->close();
            return right;
        }
        int last[producers] = {-1, -1, -1, -1};
        for (;; delay()) {
            auto got = queue.try_get();
            if (!got) got = queue.get();
            if (!got) break;
            right = right && got->number > last[got->from];
            last[got->from] = got->number;
            world().times[got->from * each + got->number] += 1;
            queue->task_done();
        }
        queue->join();
        return right;
    });

    EXPECT_TRUE(good);
    std::int64_t once = 0;
    for (const auto& times : world().times) once += times == 1;
    EXPECT_EQ(once, messages);
}

TEST_P(Queue, ServesThoseWhoWaitInTheOrderTheyCame) {
    std::jthread feeder([&] {
        soon([&] { return gets_begun() == 4; });
        end_of_queue queue = end(8);
        for (int i = 0; i < 4; ++i) queue.put({0, i});
    });

    const bool good = all_good(kind(), 4, [&](int rank) {
        if (!soon([&] { return gets_begun() == static_cast<std::uint64_t>(rank); })) return false;
        end_of_queue queue = end(8);
        const auto got = queue.get();
        return got && got->number == rank;
    });

    EXPECT_TRUE(good);
}

TEST_P(Queue, PutWaitsForRoomInTheOrderOfComing) {
    {
        end_of_queue queue = end(1);
        queue.put({0, 0});
    }
    std::jthread drain([&] {
        soon([&] { return puts_begun() == 4; });
        end_of_queue queue = end(1);
        for (int i = 0; i < 4; ++i) world().order[i] = queue.get()->number;
    });

    const bool good = all_good(kind(), 3, [&](int rank) {
        const auto ticket = static_cast<std::uint64_t>(rank) + 1;
        end_of_queue queue = end(1);
        return soon([&] { return puts_begun() == ticket; }) && queue.put({0, rank + 1});
    });

    drain.join();
    EXPECT_TRUE(good);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(world().order[i], i);
}

// Who is not woken sleeps on for some 170 ms. A busy machine may be as late, but not every time.
TEST_P(Queue, WakesThoseWhoSleep) {
    enum class wait { get, put, join, close };
    const auto now_ms = [] {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    };
    for (const wait what : {wait::get, wait::put, wait::join, wait::close}) {
        std::int64_t soonest_ms = 1000;
        for (int attempt = 0; attempt < 20 && soonest_ms >= 100; ++attempt) {
            const shared_memory fresh(sizeof(scene));
            auto& here = fresh.as<scene>();
            const auto end_here = [&] { return end_of_queue(here, 1, std::get<1>(GetParam())); };
            if (what == wait::put || what == wait::join) end_here().put({0, 0});

            const bool good = all_good(kind(), 2, [&](int rank) {
                end_of_queue queue = end_here();
                if (rank == 0) {
                    here.stage = 1;
                    if (what == wait::get || what == wait::close) queue.get();
                    if (what == wait::put) queue.put({0, 1});
                    if (what == wait::join) queue->join();
                    here.woken_ms = now_ms();
                    return true;
                }
                const bool is_waiting = soon([&] { return here.stage == 1; });
                std::this_thread::sleep_for(std::chrono::milliseconds(30)); // asleep by now
                here.acted_ms = now_ms();
                if (what == wait::get) queue.put({0, 0});
                if (what == wait::put) queue.get();
                if (what == wait::join) queue->task_done();
                if (what == wait::close) queue->close();
                return is_waiting;
            });

            ASSERT_TRUE(good);
            soonest_ms = std::min<std::int64_t>(soonest_ms, here.woken_ms - here.acted_ms);
        }
        EXPECT_LT(soonest_ms, 100) << "wait " << static_cast<int>(what);
    }
}

TEST_P(Queue, CloseEndsEveryWaitForAnItem) {
    std::jthread closer([&] {
        soon([&] { return gets_begun() == 5; });
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // asleep, most likely
        end(4)->close();
    });

    const bool good = all_good(kind(), 5, [&](int) {
        end_of_queue queue = end(4);
        return !queue.get() && queue->is_closed() && !queue.get() && !queue.try_get();
    });

    EXPECT_TRUE(good);
}

TEST_P(Queue, CloseEndsEveryWaitForRoomAndLeavesWhatIsInside) {
    end_of_queue queue = end(2);
    queue.put({9, 0});
    queue.put({9, 1});
    std::jthread closer([&] {
        soon([&] { return puts_begun() == 7; });
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // asleep, most likely
        end(2)->close();
    });

    const bool good = all_good(kind(), 5, [&](int rank) { return !end(2).put({rank, 0}); });

    EXPECT_TRUE(good);
    EXPECT_FALSE(queue.put({9, 2}));
    EXPECT_FALSE(queue.try_put({9, 2}));
    const auto first = queue.get();
    const auto second = queue.try_get();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->number, 0);
    EXPECT_EQ(second->number, 1);
    EXPECT_FALSE(queue.try_get()) << "passes over the tickets of those that came late";
    EXPECT_FALSE(queue.get());
    queue->task_done();
    queue->task_done();
    queue->join();
}

// Whatever moment it is closed at: what put says is in comes out once, and nothing else does.
TEST_P(Queue, ClosesAtAnyMomentWithoutLosingWhatItAccepted) {
    constexpr int rounds = 150, putters = 3, getters = 3, tries = 200;
    bool all_right = true;
    for (int round = 0; round < rounds; ++round) {
        const shared_memory fresh(sizeof(scene));
        auto& here = fresh.as<scene>();
        const std::int64_t capacity = 1 + round % 4;

        const bool good = all_good(kind(), putters + getters + 1, [&](int rank) {
            end_of_queue queue(here, capacity, std::get<1>(GetParam()));
            random_numbers random(static_cast<std::uint64_t>(round * 10 + rank));
            if (rank == 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(random.below(300)));
                queue->close();
            } else if (rank <= putters) {
                for (int i = 0; i < tries; ++i) {
                    const message item{rank - 1, i};
                    const bool is_in = random.below(2) == 0 ? queue.put(item) : queue.try_put(item);
                    if (is_in) here.accepted[item.from * tries + i] += 1;
                }
            } else {
                while (const auto got = random.below(2) == 0 ? queue.get() : queue.try_get())
                    here.times[got->from * tries + got->number] += 1;
                while (const auto got = queue.get())
                    here.times[got->from * tries + got->number] += 1;
            }
            return true;
        });

        all_right = all_right && good;
        for (int i = 0; i < putters * tries; ++i)
            all_right = all_right && here.times[i] == here.accepted[i];
        ASSERT_TRUE(all_right) << "round " << round;
    }
}

TEST_P(Queue, JoinWaitsUntilAllIsMarked) {
    const bool good = all_good(kind(), 4, [&](int rank) {
        end_of_queue queue = end(3);
        if (rank == 0) {
            for (int i = 0; i < 60; ++i) queue.put({0, i});
            queue->join();
            const bool all_done = world().count == 60;
            queue->close();
            return all_done;
        }
        while (queue.get()) {
            if (rank == 1) pause_shortly();
            world().count += 1;
            queue->task_done();
        }
        queue->join(); // of an empty queue: at once
        return true;
    });

    EXPECT_TRUE(good);
}

TEST_P(Queue, SeveralJoinTheSameItems) {
    end(3).put({0, 0});

    const bool good = all_good(kind(), 4, [&](int rank) {
        end_of_queue queue = end(3);
        if (rank == 0) {
            queue.get();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            world().stage = 1;
            queue->task_done();
            return true;
        }
        queue->join();
        return world().stage == 1;
    });

    EXPECT_TRUE(good);
}

TEST_P(Queue, RefusesToMarkMoreThanWasPut) {
    end_of_queue queue = end(3);
    EXPECT_EQ(code_of([&] { queue->task_done(); }), errc::invalid_argument);
    queue.put({0, 0});

    queue->task_done();

    EXPECT_EQ(code_of([&] { queue->task_done(); }), errc::invalid_argument);
    queue->join();
}

TEST_P(Queue, ALostPeerEndsEveryWait) {
    end_of_queue full(world(), 1, std::get<1>(GetParam()));
    full.put({0, 0});
    const shared_memory other(sizeof(scene));
    std::jthread leaver([&] {
        soon([&] { return world().count == 3; });
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // asleep, most likely
        world().is_lost = 1;
        other.as<scene>().is_lost = 1;
    });

    const bool good = all_good(kind(), 3, [&](int rank) {
        end_of_queue mine(world(), 1, std::get<1>(GetParam()));
        end_of_queue empty(other.as<scene>(), 1, std::get<1>(GetParam()));
        world().count += 1;
        const auto ended = code_of([&] {
            if (rank == 0) mine.put({0, 1});
            if (rank == 1) mine->join();
            if (rank == 2) empty.get();
        });
        return ended == errc::peer_lost;
    });

    EXPECT_TRUE(good);
    EXPECT_TRUE(full.get()) << "what is there can be had";
}

INSTANTIATE_TEST_SUITE_P(Everyone, Queue,
                         testing::Combine(testing::Values(actors::threads, actors::processes),
                                          testing::Bool()));

TEST(QueueSize, RefusesWhatIsNoCapacity) {
    constexpr auto huge = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{-1}, huge, huge / 64})
        EXPECT_EQ(code_of([&] { ticket_queue::bytes(capacity, 8, "queue"); }),
                  errc::invalid_argument)
            << capacity;
}

TEST(QueueSize, HoldsItemsOfAnySizeApart) {
    for (const std::size_t size : {1U, 7U, 55U, 56U, 57U, 300U, 1024U}) {
        const shared_memory memory(ticket_queue::bytes(3, size, "queue"));
        ticket_queue queue(memory.data(), 3, size, true, {});
        std::vector<std::byte> item(size), got(size);
        for (unsigned char i = 0; i < 3; ++i) {
            item.assign(size, std::byte{i});
            ASSERT_TRUE(queue.put(item.data()));
        }
        for (unsigned char i = 0; i < 3; ++i) {
            ASSERT_TRUE(queue.get(got.data()));
            item.assign(size, std::byte{i});
            EXPECT_EQ(got, item);
        }
    }
}

} // namespace
