#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <chrono>
#include <cstdint>
#include <thread>

// Messages by the million, with pauses at random: each comes once.
namespace {

using namespace nodespan;
using namespace nodespan::test;

constexpr index_t messages = 3'000'000;

// Now and then a rank is late, for as long as a wait takes to become sleep.
class pauses {
public:
    explicit pauses(const team& everyone)
        : random_(static_cast<std::uint64_t>(everyone.rank()) + 1) {}

    void one() {
        if (random_.below(20'000) == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(random_.below(500)));
    }

private:
    random_numbers random_;
};

// How often each message came. Every rank counts in one step, so that none hides another's.
class arrivals {
public:
    arrivals(team& everyone, index_t count) : counts_(everyone, {count}) {}

    void add(index_t message) { counts_.fetch_add({message}, std::uint8_t{1}); }

    // The number of messages that did not come once. Call: collective.
    index_t count_wrong() {
        counts_.fence();
        index_t wrong = 0;
        for_each(std::as_const(counts_), [&](const std::uint8_t& n) { wrong += n != 1; });
        return all_reduce(counts_.get_team(), wrong);
    }

private:
    array<std::uint8_t, 1> counts_;
};

class Stress : public testing::Test {
protected:
    team everyone{MPI_COMM_WORLD};
    bool is_one_node = everyone.nodes() == 1;
};

TEST_F(Stress, AQueueLosesNothingAndGivesNothingTwice) {
    if (!is_one_node || everyone.size() < 2) GTEST_SKIP() << "needs two ranks of one node";
    queue<index_t> commands(everyone, 64);
    arrivals came(everyone, messages);
    array<int, 1> finished(everyone, {1}); // producers
    pauses pause(everyone);
    const int producers = everyone.size() / 2;

    if (everyone.rank() < producers) {
        for (index_t i = everyone.rank(); i < messages; i += producers) {
            EXPECT_TRUE(commands.put(i));
            pause.one();
        }
        if (finished.fetch_add({0}, 1) == producers - 1) {
            commands.join();
            commands.close();
        }
    } else {
        while (const auto command = commands.get()) {
            came.add(*command);
            pause.one();
            commands.task_done();
        }
    }

    EXPECT_EQ(came.count_wrong(), 0);
}

TEST_F(Stress, ARingGivesEachFrameToOneConsumer) {
    if (!is_one_node || everyone.size() < 2) GTEST_SKIP() << "needs two ranks of one node";
    ring<index_t> frames(everyone, 8, {.slots = 16, .delivery = delivery::to_one});
    arrivals came(everyone, messages);
    pauses pause(everyone);
    index_t torn = 0;

    if (frames.is_producer()) {
        for (index_t i = 0; i < messages; ++i) {
            auto slot = frames.reserve();
            for (index_t& x : slot.elements()) x = i;
            slot.publish();
            pause.one();
        }
        frames.close();
    } else {
        while (const auto frame = frames.next()) {
            const auto number = static_cast<index_t>(frame->sequence());
            for (const index_t x : frame->elements()) torn += x != number;
            came.add(number);
            pause.one();
        }
    }

    EXPECT_EQ(torn, 0);
    EXPECT_EQ(came.count_wrong(), 0);
}

TEST_F(Stress, ARingThatDropsFramesTellsHowMany) {
    if (!is_one_node || everyone.size() < 2) GTEST_SKIP() << "needs two ranks of one node";
    for (const when_full policy : {when_full::drop_newest, when_full::drop_oldest}) {
        ring<index_t> frames(everyone, 8, {.slots = 16, .when_full = policy});
        pauses pause(everyone);
        index_t torn = 0, came = 0, last = -1;

        if (frames.is_producer()) {
            for (index_t i = 0; i < messages; ++i) {
                auto slot = frames.reserve();
                for (index_t& x : slot.elements()) x = i;
                slot.publish();
            }
            frames.close();
        } else {
            while (const auto frame = frames.next()) {
                const auto number = static_cast<index_t>(frame->sequence());
                torn += number <= last;
                last = number;
                for (const index_t x : frame->elements()) torn += x != number;
                ++came;
                pause.one();
            }
        }
        everyone.fence();

        EXPECT_EQ(torn, 0);
        if (!frames.is_producer()) {
            EXPECT_EQ(came + static_cast<index_t>(frames.lost()), messages);
        }
        everyone.fence();
    }
}

// What a queue is on one node, a counter and atomics are on several.
TEST_F(Stress, TasksDealtOutByACounterAreDoneOnceOnAnyNode) {
    const index_t tasks = is_one_node ? messages : messages / 60;
    arrivals came(everyone, tasks);
    pauses pause(everyone);

    work_share(everyone, {{0}, {tasks}}, 1, [&](index_t task) {
        came.add(task);
        pause.one();
    });

    EXPECT_EQ(came.count_wrong(), 0);
}

} // namespace
