#include <nodespan/array.hpp>
#include <nodespan/error.hpp>
#include <nodespan/ring.hpp>

#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::delivery;
using nodespan::errc;
using nodespan::index_t;
using nodespan::ring;
using nodespan::ring_options;
using nodespan::team;
using nodespan::when_full;
using testing::HasSubstr;

constexpr delivery deliveries[] = {delivery::to_all, delivery::to_one};
constexpr when_full policies[] = {when_full::block, when_full::drop_newest, when_full::drop_oldest};

void produce(ring<int>& frames, int count) {
    for (int i = 0; i < count; ++i) {
        auto slot = frames.reserve();
        EXPECT_EQ(slot.sequence(), static_cast<std::uint64_t>(i));
        for (int& x : slot.elements()) x = i;
        slot.publish();
    }
    frames.close();
}

// Whether each frame that came was one, in order, on a boundary; `seldom` makes pauses.
bool consume(ring<int>& frames, int rank, std::int64_t seldom) {
    random_numbers random(static_cast<std::uint64_t>(rank));
    std::uint64_t at_least = 0;
    bool good = true;
    while (const auto frame = frames.next()) {
        good &= frame->sequence() >= at_least;
        at_least = frame->sequence() + 1;
        if (random.below(seldom) == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(random.below(200)));
        good &= reinterpret_cast<std::uintptr_t>(frame->elements().data()) % 64 == 0;
        for (const int x : frame->elements()) good &= x == static_cast<int>(frame->sequence());
    }
    return good && !frames.next();
}

void stream_and_check(team& everyone, const ring_options& options, int count) {
    ring<int> frames(everyone, 1000, options);

    bool good = true;
    if (frames.is_producer())
        produce(frames, count);
    else
        good = consume(frames, everyone.rank(), 50);
    everyone.fence();

    const auto sum = [&](std::uint64_t mine) {
        return static_cast<std::uint64_t>(
            sum_of_ranks(everyone.comm(), static_cast<std::int64_t>(mine)));
    };
    const bool to_all = options.delivery == delivery::to_all;
    const auto all = static_cast<std::uint64_t>(count);
    const std::uint64_t received = sum(frames.received());
    EXPECT_TRUE(good);
    EXPECT_EQ(frames.published(), all);
    if (to_all && !frames.is_producer()) {
        EXPECT_EQ(frames.received() + frames.lost(), all);
    } else {
        const auto consumers = static_cast<std::uint64_t>(everyone.size() - 1);
        EXPECT_EQ(received + frames.lost(), to_all ? consumers * all : all);
    }
    if (options.when_full == when_full::block) {
        EXPECT_EQ(frames.lost(), 0U);
    }
    everyone.fence();
}

bool is_possible(const team& everyone) {
    return everyone.size() >= 2 && everyone.nodes() == 1;
}

TEST(Ring, AccountsForEveryFrameInEveryPolicyAndDelivery) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    for (const delivery how : deliveries)
        for (const when_full policy : policies)
            stream_and_check(everyone, {.slots = 5, .delivery = how, .when_full = policy}, 2000);
}

TEST(Ring, AnyRankProduces) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    for (int producer = 0; producer < everyone.size(); ++producer)
        stream_and_check(everyone, {.slots = 1, .producer = producer}, 100);
}

TEST(Ring, FollowsAnotherOneInTheSameMemory) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    for (int i = 0; i < 20; ++i) {
        stream_and_check(everyone, {.slots = 2 + i % 3}, 20);
        array<double, 1> between(everyone, {500 * (1 + i)});
        between.fence();
    }
}

TEST(Ring, EndsWithItsProducer) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    bool good = true;
    {
        ring<double> frames(everyone, 3);
        if (frames.is_producer())
            frames.reserve().publish();
        else
            good = frames.next() && !frames.next();
    }
    everyone.fence();
    EXPECT_TRUE(good);
}

TEST(Ring, AFrameIsMovedAndReleasedOnce) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    ring<int> frames(everyone, 16, {.slots = 3});
    if (frames.is_producer()) {
        produce(frames, 200);
    } else {
        auto held = frames.next();
        std::uint64_t count = 1;
        for (auto frame = frames.next(); frame; frame = frames.next(), ++count) {
            auto taken = std::move(*frame);
            EXPECT_EQ(taken.elements()[15], static_cast<int>(taken.sequence()));
            held = std::move(taken);
            EXPECT_EQ(held->elements()[0], static_cast<int>(count));
        }
        held->release();
        EXPECT_EQ(count, 200U);
    }
    everyone.fence();
}

// An old slot, or a copy of one, must not hand over what the producer is writing into the next.
TEST(Ring, ASlotPublishesNoFrameButItsOwn) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    ring<int> frames(everyone, 16, {.slots = 3});
    if (frames.is_producer()) {
        auto first = frames.reserve();
        const auto again = frames.reserve(); // the same slot: it has not been published
        auto copy = first;
        std::ranges::fill(first.elements(), 0);
        first.publish();
        auto second = frames.reserve();
        second.elements()[0] = 1; // half written

        for (auto* old : {&first, &copy}) {
            const auto seen = caught([&] { old->publish(); });
            EXPECT_EQ(seen.code, errc::invalid_argument);
            EXPECT_THAT(seen.text, HasSubstr("frame 0 has been published already"));
        }
        EXPECT_EQ(again.sequence(), 0U);
        EXPECT_EQ(frames.published(), 1U);
        std::ranges::fill(second.elements(), 1);
        auto moved = std::move(second);
        EXPECT_EQ(caught([&] { second.publish(); }).code,
                  errc::invalid_argument); // NOLINT: so it is
        EXPECT_TRUE(moved.publish());
        EXPECT_EQ(caught([&] { moved.publish(); }).code, errc::invalid_argument);
        frames.close();
        EXPECT_EQ(caught([&] { moved.publish(); }).code, errc::invalid_argument);
    } else {
        int expected = 0;
        for (; const auto frame = frames.next(); ++expected)
            for (const int x : frame->elements()) EXPECT_EQ(x, expected);
        EXPECT_EQ(expected, 2);
    }
    everyone.fence();
}

// What stays behind must not touch the memory that an array has got in the ring's place.
TEST(Ring, SlotsAndFramesThatOutliveTheirRingDoNothing) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    std::optional<ring<int>::slot> slot;
    std::optional<ring<int>::frame> frame;
    {
        ring<int> frames(everyone, 16, {.slots = 3});
        if (frames.is_producer()) {
            frames.reserve().publish();
            slot = frames.reserve();
            frames.close();
        } else {
            frame = frames.next();
        }
        everyone.fence();
    }
    array<std::uint64_t, 1> next(everyone, {4096});

    if (slot) {
        const auto seen = caught([&] { slot->publish(); });
        EXPECT_EQ(seen.code, errc::invalid_argument);
        EXPECT_THAT(seen.text, HasSubstr("the ring of this slot has ended"));
    }
    if (frame) {
        frame->release();
        frame->release();
        frame.reset();
    }
    everyone.fence();
    for (const std::uint64_t x : next.node().span()) EXPECT_EQ(x, 0U);
    everyone.fence();
}

TEST(Ring, RefusesOnAllRanksWhatNoRingCanBe) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    const auto refused = [&](index_t elements, const ring_options& options) {
        const auto seen = caught([&] { ring<double>(everyone, elements, options); });
        EXPECT_TRUE(seen.collective) << seen.text;
        return seen.code;
    };

    EXPECT_EQ(refused(0, {}), errc::invalid_argument);
    EXPECT_EQ(refused(8, {.slots = 0}), errc::invalid_argument);
    EXPECT_EQ(refused(8, {.producer = -1}), errc::invalid_argument);
    EXPECT_EQ(refused(8, {.producer = everyone.size()}), errc::invalid_argument);
    EXPECT_EQ(refused(index_t{1} << 62, {}), errc::invalid_argument);
    EXPECT_EQ(refused(8 + everyone.rank(), {}), errc::mismatched_arguments);
    EXPECT_EQ(refused(8, {.producer = everyone.rank() % 2}), errc::mismatched_arguments);
    EXPECT_EQ(refused(index_t{1} << 45, {}), errc::no_capacity);
    stream_and_check(everyone, {}, 10); // and goes on
}

TEST(Ring, RefusesTeamsOfOneRank) {
    team alone(MPI_COMM_SELF);

    const auto seen = caught([&] { ring<double>(alone, 8); });

    EXPECT_EQ(seen.code, errc::invalid_argument);
    EXPECT_THAT(seen.text, HasSubstr("needs two ranks"));
}

TEST(Ring, RefusesTeamsOfSeveralNodes) {
    team everyone(MPI_COMM_WORLD);
    team singles(MPI_COMM_WORLD, {1});
    if (singles.nodes() == 1) GTEST_SKIP() << "there is no other node";

    const auto seen = caught([&] { ring<double>(singles, 8); });

    EXPECT_EQ(seen.code, errc::invalid_argument);
    EXPECT_TRUE(seen.collective);
    EXPECT_THAT(seen.text, HasSubstr("use a team of one node"));
    team mine = everyone.split(everyone.node());
    if (is_possible(mine)) stream_and_check(mine, {}, 50);
    everyone.fence();
}

TEST(Ring, RefusesCallsThatAreTheOthers) {
    team everyone(MPI_COMM_WORLD);
    if (!is_possible(everyone)) GTEST_SKIP() << "needs two ranks of one node";
    ring<int> frames(everyone, 8);

    if (frames.is_producer()) {
        EXPECT_EQ(caught([&] { frames.next(); }).code, errc::invalid_argument);
        auto slot = frames.reserve();
        slot.publish();
        EXPECT_EQ(caught([&] { slot.publish(); }).code, errc::invalid_argument);
        frames.close();
        frames.close();
        EXPECT_EQ(caught([&] { frames.reserve(); }).code, errc::invalid_argument);
    } else {
        EXPECT_THAT(caught([&] { frames.reserve(); }).text, HasSubstr("rank 0 produces"));
        EXPECT_EQ(caught([&] { frames.close(); }).code, errc::invalid_argument);
        EXPECT_TRUE(frames.next());
        EXPECT_FALSE(frames.next());
    }
    everyone.fence();
}

// What a rank sees of a stream in which rank `leaver` leaves.
std::error_code stream_with_a_leaver(const ring_options& options, int leaver) {
    team everyone(MPI_COMM_WORLD); // outside of the try: it outlives the one that leaves
    std::error_code seen;
    try {
        ring<int> frames(everyone, 100, options);
        const bool leaves = everyone.rank() == leaver;
        if (frames.is_producer()) {
            for (int i = 0;; ++i) {
                if (leaves && i == 10) throw std::runtime_error("this rank leaves");
                frames.reserve().publish();
            }
        } else {
            while (const auto frame = frames.next()) {
                if (leaves) throw std::runtime_error("this rank leaves");
                std::this_thread::sleep_for(std::chrono::microseconds(200)); // or it takes all
            }
        }
    } catch (const nodespan::error& failure) {
        seen = failure.code();
    } catch (const std::runtime_error&) {
        seen = errc::peer_lost;
    }
    return seen;
}

TEST(Ring, NobodyHangsWhenARankLeavesByAnException) {
    if (world_size() < 2) GTEST_SKIP() << "needs two ranks";
    {
        team everyone(MPI_COMM_WORLD);
        if (everyone.nodes() > 1) GTEST_SKIP() << "needs ranks of one node";
    }
    for (const delivery how : deliveries)
        for (int leaver = 0; leaver < 2; ++leaver) {
            const std::error_code seen =
                stream_with_a_leaver({.slots = 3, .delivery = how}, leaver);
            EXPECT_EQ(seen, errc::peer_lost) << "leaver " << leaver;
        }
}

} // namespace
