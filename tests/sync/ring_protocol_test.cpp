#include "ring_protocol.hpp"

#include "forked.hpp"

#include <nodespan/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using namespace nodespan::detail;
using nodespan::delivery;
using nodespan::errc;
using nodespan::when_full;
using nodespan::test::actors;
using nodespan::test::all_good;
using nodespan::test::random_numbers;
using nodespan::test::shared_memory;

// A ring, and what its actors tell each other beside it.
class scene {
public:
    scene(std::size_t slots, std::uint32_t consumers, delivery how, when_full policy,
          bool is_oversubscribed = true, std::size_t frame_bytes = 64)
        : shape_{slots, frame_bytes, consumers, how, policy, is_oversubscribed},
          memory_(note_bytes + ring_memory::bytes(shape_)) {}

    struct notes {
        std::atomic<std::uint64_t> published, received, lost, dropped_at_once;
        std::atomic<int> stage;
        std::atomic<unsigned char> got[1 << 20]; // how often each frame was got
    };

    ring_memory memory() const {
        return {static_cast<std::byte*>(memory_.data()) + note_bytes, shape_};
    }
    notes& told() const { return memory_.as<notes>(); }

private:
    static constexpr std::size_t note_bytes = (sizeof(notes) + 63) / 64 * 64;

    ring_shape shape_;
    shared_memory memory_;
};

// Every number in a frame tells whose it is.
void fill(std::byte* frame, std::size_t bytes, std::uint64_t sequence) {
    auto* const words = reinterpret_cast<std::uint64_t*>(frame);
    for (std::size_t i = 0; i < bytes / 8; ++i) words[i] = sequence * 1'000'003 + i;
}
bool is_whole(const std::byte* frame, std::size_t bytes, std::uint64_t sequence) {
    const auto* const words = reinterpret_cast<const std::uint64_t*>(frame);
    for (std::size_t i = 0; i < bytes / 8; ++i)
        if (words[i] != sequence * 1'000'003 + i) return false;
    return true;
}

void pause_sometimes(random_numbers& random, std::int64_t seldom) {
    if (seldom == 0 || random.below(seldom) != 0) return;
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(100)));
}

void produce(const scene& at, std::uint64_t frames, std::int64_t seldom) {
    const ring_memory memory = at.memory();
    ring_producer ring(memory);
    random_numbers random(99);
    for (std::uint64_t i = 0; i < frames; ++i) {
        fill(ring.reserve(), memory.shape().frame_bytes, i);
        if (!ring.publish()) at.told().dropped_at_once += 1;
        pause_sometimes(random, seldom);
    }
    ring.close();
    at.told().published = ring.numbered();
}

// Whether all frames that came were whole, and their numbers went up. Now and then two are held.
bool consume(const scene& at, std::uint32_t number, std::int64_t seldom) {
    const ring_memory memory = at.memory();
    ring_consumer ring(memory, number);
    random_numbers random(number);
    std::uint64_t at_least = 0, received = 0;
    std::optional<std::uint32_t> held;
    bool good = true;
    while (const auto frame = ring.next()) {
        good &= frame->sequence >= at_least;
        at_least = frame->sequence + 1;
        pause_sometimes(random, seldom);
        good &= is_whole(frame->data, memory.shape().frame_bytes, frame->sequence);
        at.told().got[frame->sequence].fetch_add(1, std::memory_order_relaxed);
        ++received;
        if (held) ring.release(*held);
        held.reset();
        if (memory.shape().slots > 2 && random.below(4) == 0)
            held = frame->slot;
        else
            ring.release(frame->slot);
    }
    if (held) ring.release(*held);
    at.told().received += received;
    at.told().lost += ring.missed();
    return good && ring.received() == received;
}

using scenario = std::tuple<actors, delivery, when_full>;

class Ring : public testing::TestWithParam<scenario> {
protected:
    actors kind() const { return std::get<0>(GetParam()); }
    delivery how() const { return std::get<1>(GetParam()); }
    when_full policy() const { return std::get<2>(GetParam()); }

    // Rank 0 produces, the others consume; then every frame is accounted for.
    void stream(std::size_t slots, std::uint32_t consumers, std::uint64_t frames,
                std::int64_t producer_seldom, std::int64_t consumer_seldom,
                std::size_t frame_bytes = 64, bool is_oversubscribed = true) {
        const auto at = std::make_unique<scene>(slots, consumers, how(), policy(),
                                                is_oversubscribed, frame_bytes);

        const bool good = all_good(kind(), static_cast<int>(consumers) + 1, [&](int rank) {
            if (rank > 0)
                return consume(*at, static_cast<std::uint32_t>(rank) - 1, consumer_seldom);
            produce(*at, frames, producer_seldom);
            return true;
        });

        EXPECT_TRUE(good);
        check_accounts(*at, frames);
    }

    void check_accounts(const scene& at, std::uint64_t frames) const {
        const scene::notes& told = at.told();
        const bool to_all = how() == delivery::to_all;
        const std::uint64_t copies = to_all ? at.memory().shape().consumers : 1;
        const std::uint64_t lost = at.memory().lost();
        EXPECT_EQ(told.published, frames);
        EXPECT_EQ(told.received + lost, frames * copies);
        EXPECT_EQ(told.lost, to_all ? lost : 0U);
        if (policy() == when_full::block) {
            EXPECT_EQ(lost, 0U);
        }
        if (policy() == when_full::drop_newest) {
            EXPECT_EQ(lost, told.dropped_at_once * copies);
        }
        for (std::uint64_t i = 0; i < frames; ++i) ASSERT_LE(told.got[i], copies) << "frame " << i;
    }
};

TEST_P(Ring, AccountsForAMillionSmallFrames) {
    stream(16, 2, 1'000'000, 0, 0);
}

TEST_P(Ring, AccountsForFramesOfASlowProducer) {
    stream(4, 3, 5'000, 3, 0);
}

TEST_P(Ring, AccountsForFramesOfSlowConsumers) {
    stream(4, 3, 5'000, 20, 3);
}

TEST_P(Ring, NeverTearsALargeFrame) {
    stream(3, 2, 2'000, 0, 5, 64 * 1024);
}

TEST_P(Ring, WorksWithOneSlotAndOneConsumer) {
    stream(1, 1, 20'000, 100, 100);
}

TEST_P(Ring, WorksWhereRanksSpin) {
    stream(8, 1, 50'000, 500, 500, 128, false);
}

TEST_P(Ring, EndsEmpty) {
    stream(2, 2, 0, 0, 0);
}

// Who waits is told when another one leaves.
TEST_P(Ring, AConsumerWhoseProducerLeavesIsToldAfterWhatIsLeft) {
    const auto at = std::make_unique<scene>(4, 2, how(), policy());

    const bool good = all_good(kind(), 3, [&](int rank) {
        const ring_memory memory = at->memory();
        if (rank == 0) {
            ring_producer ring(memory);
            ring.reserve();
            ring.publish();
            memory.abandon(7);
            return true;
        }
        ring_consumer ring(memory, static_cast<std::uint32_t>(rank) - 1);
        try {
            while (const auto frame = ring.next()) {
                at->told().received += 1;
                ring.release(frame->slot);
            }
        } catch (const nodespan::error& told) {
            return told.code() == errc::peer_lost &&
                   std::string(told.what()).find("rank 7") != std::string::npos;
        }
        return false;
    });

    EXPECT_TRUE(good);
    EXPECT_EQ(at->told().received, how() == delivery::to_all ? 2U : 1U);
}

TEST_P(Ring, AProducerWhoseConsumersLeaveDoesNotWait) {
    for (const bool by_exception : {false, true}) {
        const auto at = std::make_unique<scene>(2, 2, how(), policy());

        const bool good = all_good(kind(), 3, [&](int rank) {
            const ring_memory memory = at->memory();
            if (rank > 0) {
                ring_consumer ring(memory, static_cast<std::uint32_t>(rank) - 1);
                if (const auto frame = ring.next()) ring.release(frame->slot);
                if (by_exception)
                    memory.abandon(rank);
                else
                    ring.leave();
                return true;
            }
            ring_producer ring(memory);
            try {
                for (int i = 0; i < 1000; ++i) {
                    ring.reserve();
                    ring.publish();
                }
            } catch (const nodespan::error& told) {
                ring.close();
                return policy() == when_full::block && told.code() == errc::peer_lost;
            }
            ring.close();
            return policy() != when_full::block;
        });

        EXPECT_TRUE(good) << by_exception;
    }
}

// A frame that is read stays as it is, however many come after it.
TEST_P(Ring, AFrameThatIsHeldIsNotOverwritten) {
    const scene at(3, 2, how(), policy());
    const ring_memory memory = at.memory();
    ring_producer producer(memory);
    ring_consumer first(memory, 0), second(memory, 1);
    fill(producer.reserve(), 64, 0);
    producer.publish();
    const auto held = first.next();
    ASSERT_TRUE(held);

    for (std::uint64_t i = 1; i < 100; ++i) {
        if (policy() != when_full::block || i < 3) {
            fill(producer.reserve(), 64, i);
            producer.publish();
        }
        ASSERT_TRUE(is_whole(held->data, 64, held->sequence)) << i;
    }

    first.release(held->slot);
    producer.close();
    std::uint64_t last = 0;
    while (const auto frame = second.next()) {
        EXPECT_TRUE(is_whole(frame->data, 64, frame->sequence));
        last = frame->sequence;
        second.release(frame->slot);
    }
    EXPECT_EQ(last, policy() == when_full::drop_oldest ? 99U : 2U);
}

std::string scenario_name(const testing::TestParamInfo<scenario>& info) {
    const auto [kind, how, policy] = info.param;
    return std::string(kind == actors::threads ? "Threads" : "Processes") +
           (how == delivery::to_all ? "ToAll" : "ToOne") +
           (policy == when_full::block         ? "Block"
            : policy == when_full::drop_newest ? "DropNewest"
                                               : "DropOldest");
}

INSTANTIATE_TEST_SUITE_P(All, Ring,
                         testing::Combine(testing::Values(actors::threads, actors::processes),
                                          testing::Values(delivery::to_all, delivery::to_one),
                                          testing::Values(when_full::block, when_full::drop_newest,
                                                          when_full::drop_oldest)),
                         scenario_name);

// What is dropped is what the policy says, and everyone else's frames come in order.
std::vector<std::uint64_t> kept(when_full policy, delivery how, std::uint64_t frames) {
    const scene at(3, 1, how, policy);
    ring_producer producer(at.memory());
    ring_consumer consumer(at.memory(), 0);
    for (std::uint64_t i = 0; i < frames; ++i) {
        producer.reserve();
        producer.publish();
    }
    producer.close();
    std::vector<std::uint64_t> result;
    while (const auto frame = consumer.next()) {
        result.push_back(frame->sequence);
        consumer.release(frame->slot);
    }
    EXPECT_EQ(at.memory().lost(), frames - result.size());
    return result;
}

TEST(RingPolicies, KeepTheFirstOrTheLast) {
    for (const delivery how : {delivery::to_all, delivery::to_one}) {
        EXPECT_EQ(kept(when_full::drop_newest, how, 10), (std::vector<std::uint64_t>{0, 1, 2}));
        EXPECT_EQ(kept(when_full::drop_oldest, how, 10), (std::vector<std::uint64_t>{7, 8, 9}));
        EXPECT_EQ(kept(when_full::block, how, 4), (std::vector<std::uint64_t>{0, 1, 2, 3}));
    }
}

} // namespace
