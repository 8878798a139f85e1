#include "node_barrier.hpp"

#include "forked.hpp"

#include <nodespan/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <tuple>

namespace {

using nodespan::detail::agreed_words;
using nodespan::detail::node_barrier;
using nodespan::test::actors;
using nodespan::test::all_good;
using nodespan::test::random_numbers;
using nodespan::test::shared_memory;

constexpr int most_ranks = 8;
constexpr std::size_t room = 64 * 1024; // for the barrier; the test's own words lie behind it

struct scene {
    std::atomic<int> came[most_ranks];
    std::atomic<int> progress_calls;
    long plain[most_ranks];
};

// Some rounds come at once, some late, and now and then one very late.
void delay(random_numbers& random) {
    const auto dice = random.below(1000);
    if (dice == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    } else if (dice < 20) {
        std::this_thread::yield();
    } else {
        for (auto i = dice; i > 0; --i) nodespan::detail::cpu_pause();
    }
}

class NodeBarrier : public testing::TestWithParam<std::tuple<actors, bool, int>> {
protected:
    actors kind() const { return std::get<0>(GetParam()); }
    bool oversubscribed() const { return std::get<1>(GetParam()); }
    int ranks() const { return std::get<2>(GetParam()); }
    scene& world() const {
        return *reinterpret_cast<scene*>(static_cast<std::byte*>(memory_.data()) + room);
    }

    // Whether good(barrier, rank) is true on all ranks.
    template <class Good>
    bool all_meet(Good&& good) {
        return all_good(kind(), ranks(), [&](int rank) {
            node_barrier barrier(memory_.data(), rank, ranks(), 100, oversubscribed());
            return good(barrier, rank);
        });
    }

    // A led meeting, as seen by any rank.
    static agreed_words meet(node_barrier& barrier, int rank, const agreed_words& words,
                             const std::function<void()>& progress = {}) {
        barrier.arrive(words);
        if (rank != 0) return barrier.wait_for_release();
        const agreed_words all = barrier.wait_for_all(progress);
        barrier.release(all);
        return all;
    }

    bool all_came(int round) const {
        for (int peer = 0; peer < ranks(); ++peer)
            if (world().came[peer].load(std::memory_order_relaxed) < round) return false;
        return true;
    }

    shared_memory memory_{room + sizeof(scene)};
};

TEST_P(NodeBarrier, NobodyPassesBeforeAllHaveArrived) {
    constexpr int rounds = 10'000;

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        random_numbers random(static_cast<std::uint64_t>(rank) + 1);
        bool together = true;
        for (int round = 1; round <= rounds; ++round) {
            delay(random);
            world().came[rank].store(round, std::memory_order_relaxed);
            barrier.arrive_and_wait();
            together = together && all_came(round);
        }
        return together;
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, PlainWritesAreVisibleAfterIt) {
    constexpr int rounds = 5'000;

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        bool seen = true;
        for (long round = 1; round <= rounds; ++round) {
            world().plain[rank] = round * 10 + rank;
            barrier.arrive_and_wait();
            for (int peer = 0; peer < ranks(); ++peer)
                seen = seen && world().plain[peer] == round * 10 + peer;
            barrier.arrive_and_wait(); // nobody writes while others read
        }
        return seen;
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, LedMeetingsCombineWordsByMaximum) {
    constexpr int rounds = 4'000;

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        random_numbers random(static_cast<std::uint64_t>(rank) + 9);
        bool right = true;
        for (int round = 0; round < rounds; ++round) {
            delay(random);
            const auto base = static_cast<std::uint64_t>(round) * 1000;
            const auto me = static_cast<std::uint64_t>(rank);
            const auto last = static_cast<std::uint64_t>(ranks() - 1);
            const agreed_words all = meet(barrier, rank, {0, base + me, ~(base + me), 7, me});
            right = right && all == agreed_words{0, base + last, ~base, 7, last};
        }
        return right;
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, BothKindsOfMeetingsMix) {
    constexpr int rounds = 4'000;

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        random_numbers own(static_cast<std::uint64_t>(rank) + 3), common(17);
        bool together = true;
        for (int round = 1; round <= rounds; ++round) {
            delay(own);
            world().came[rank].store(round, std::memory_order_relaxed);
            if (common.below(2) == 0)
                barrier.arrive_and_wait();
            else
                together = meet(barrier, rank, {0, static_cast<std::uint64_t>(round)})[1] ==
                               static_cast<std::uint64_t>(round) &&
                           together;
            together = together && all_came(round);
        }
        return together;
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, TheLeaderMakesProgressWhileItWaits) {
    if (ranks() == 1) GTEST_SKIP() << "a lone leader does not wait";

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        if (rank == 1) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        meet(barrier, rank, {}, [&] { world().progress_calls += 1; });
        return true;
    });

    EXPECT_TRUE(good);
    EXPECT_GT(world().progress_calls, 0);
}

TEST_P(NodeBarrier, RanksThatSleepAreWokenUp) {
    if (ranks() == 1) GTEST_SKIP() << "a lone rank does not wait";

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        for (int round = 0; round < 3; ++round) {
            if (rank == round % ranks()) std::this_thread::sleep_for(std::chrono::milliseconds(30));
            barrier.arrive_and_wait();
        }
        return true;
    });

    EXPECT_TRUE(good);
}

// Whether the call throws peer_lost, and names the team's rank that left.
bool says_who_is_lost(const std::function<void()>& call, int who) {
    try {
        call();
    } catch (const nodespan::error& lost) {
        return lost.code() == nodespan::errc::peer_lost &&
               std::string(lost.what()).find("rank " + std::to_string(100 + who)) !=
                   std::string::npos;
    }
    return false;
}

TEST_P(NodeBarrier, WaitingRanksLearnThatOneHasLeft) {
    if (ranks() == 1) GTEST_SKIP() << "a lone rank loses nobody";
    const int leaver = ranks() - 1;

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        barrier.arrive_and_wait();
        if (rank == leaver) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            barrier.abandon();
            return barrier.is_abandoned();
        }
        return says_who_is_lost([&] { barrier.arrive_and_wait(); }, leaver) &&
               barrier.is_abandoned();
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, RanksThatComeLaterLearnThatOneHasLeft) {
    if (ranks() == 1) GTEST_SKIP() << "a lone rank loses nobody";

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        if (rank == 1) {
            barrier.abandon();
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return says_who_is_lost([&] { meet(barrier, rank, {}); }, 1);
    });

    EXPECT_TRUE(good);
}

TEST_P(NodeBarrier, FollowersLearnThatTheLeaderHasLeft) {
    if (ranks() == 1) GTEST_SKIP() << "a lone rank loses nobody";

    const bool good = all_meet([&](node_barrier& barrier, int rank) {
        if (rank == 0) {
            barrier.abandon();
            return true;
        }
        return says_who_is_lost([&] { meet(barrier, rank, {}); }, 0);
    });

    EXPECT_TRUE(good);
}

using nodespan::detail::occasion;

constexpr occasion one_call{"a call"}, other_call{"another call"};

// Whether the call throws mismatched_arguments, and says that ranks are in both calls.
bool says_what_is_mixed(const std::function<void()>& call) {
    try {
        call();
    } catch (const nodespan::error& mixed) {
        const std::string text = mixed.what();
        return mixed.code() == nodespan::errc::mismatched_arguments &&
               text.find(" in a call") != std::string::npos &&
               text.find(" in another call") != std::string::npos;
    }
    return false;
}

// Ranks meet for equal calls many times, then one rank meets the others for another call.
// `one_leads` and `others_lead` say which meetings have a leader.
bool tells_mixed_calls(node_barrier& barrier, int rank, int odd, bool one_leads, bool others_lead) {
    random_numbers own(static_cast<std::uint64_t>(rank) + 5);
    const auto come = [&](bool is_led, const occasion& why) {
        if (!is_led) return barrier.arrive_and_wait(why);
        barrier.arrive({}, why);
        if (rank == 0)
            barrier.release(barrier.wait_for_all({}));
        else
            barrier.wait_for_release();
    };
    for (int round = 0; round < 500; ++round) {
        delay(own);
        come(round % 3 == 0, round % 2 == 0 ? one_call : other_call);
    }
    const auto last = [&] {
        come(rank == odd ? one_leads : others_lead, rank == odd ? one_call : other_call);
    };
    return says_what_is_mixed(last) && says_what_is_mixed(last);
}

TEST_P(NodeBarrier, AllRanksLearnThatTheyMeetForDifferentCalls) {
    if (ranks() == 1) GTEST_SKIP() << "a lone rank agrees with itself";
    for (const int odd : {0, ranks() - 1})
        for (const bool one_leads : {false, true})
            for (const bool others_lead : {false, true}) {
                std::memset(memory_.data(), 0, room);

                const bool good = all_meet([&](node_barrier& barrier, int rank) {
                    return tells_mixed_calls(barrier, rank, odd, one_leads, others_lead);
                });

                EXPECT_TRUE(good) << "rank " << odd << (one_leads ? " leads" : " does not lead")
                                  << (others_lead ? ", others do" : ", others do not");
            }
}

std::string scenario_name(const testing::TestParamInfo<std::tuple<actors, bool, int>>& scenario) {
    const auto [kind, oversubscribed, ranks] = scenario.param;
    return std::to_string(ranks) + (kind == actors::threads ? "Threads" : "Processes") +
           (oversubscribed ? "Oversubscribed" : "WithACoreEach");
}

INSTANTIATE_TEST_SUITE_P(All, NodeBarrier,
                         testing::Combine(testing::Values(actors::threads, actors::processes),
                                          testing::Bool(), testing::Values(1, 2, 3, 4, 7)),
                         scenario_name);

TEST(NodeBarrierMemory, GrowsWithItsRanks) {
    EXPECT_GE(node_barrier::bytes(1), sizeof(agreed_words));
    EXPECT_GE(node_barrier::bytes(200), node_barrier::bytes(100) + 100 * sizeof(agreed_words));
    EXPECT_LE(node_barrier::bytes(most_ranks), room);
}

} // namespace
