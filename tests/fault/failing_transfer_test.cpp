// The k-th MPI call fails, for every k of transfers, fences, ghosts, queues and tables: what is
// collective fails on all ranks or on none, what is not fails where it was called, and nobody
// hangs.

#include "failing_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/array.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/counter.hpp>
#include <nodespan/queue.hpp>
#include <nodespan/replicated.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;

using field = array<long, 2>;

// A team with an array; made anew where a failure has cost it its team.
struct surroundings {
    team everyone{MPI_COMM_WORLD};
    field numbers;

    explicit surroundings(const array_options& options = {}, index_t columns = 6)
        : numbers(everyone, {2 * everyone.size(), columns}, options) {}

    box<2> all() const { return {{0, 0}, numbers.extents()}; }
    box<2> middle() const { return {{0, 1}, {numbers.extent(0), 5}}; } // strided everywhere
    std::vector<long> room(const box<2>& patch) const {
        return std::vector<long>(static_cast<std::size_t>(patch.size()), 1);
    }
};

template <class Call>
bool throws(Call&& call) {
    try {
        call();
    } catch (const error&) {
        return true;
    }
    return false;
}

// Fails each call of `operate` and of the fence behind it, on one rank after the other. A rank that
// has failed comes to the fence like all others. Where ranks of one node alone learn in a fence
// that MPI has failed, the others are told in the next. Where ranks agree in the operation, a
// failure in the second round of that does no harm, and nobody need notice. One rank in turn: for
// what has many calls of a kind, where there are more than two ranks, since each failure costs the
// others a wait of 100 ms.
void expect_told_by_fences(const std::function<std::optional<surroundings>()>& make,
                           const std::function<void(surroundings&)>& operate, bool agrees = false,
                           failing on = failing::each_rank) {
    std::optional<surroundings> now = make();
    const int calls = count_calls([&] {
        operate(*now);
        now->everyone.fence();
    });
    for (int k = 1; k <= calls; ++k)
        for (int where = 0; where < world_size(); ++where) {
            if (on == failing::one_rank_in_turn && world_size() > 2 && where != k % world_size())
                continue;
            SCOPED_TRACE("call " + std::to_string(k) + " fails on rank " + std::to_string(where));
            if (!now) now = make();

            bool lost = false;
            const bool threw = throws_when_failing(k, where, [&] {
                const bool operation = throws([&] { operate(*now); });
                lost = throws([&] { now->everyone.fence(); });
                if (operation || lost) throw error(errc::io, "as counted below");
            });
            lost |= throws([&] { now->everyone.fence(); });

            const int ranks = count_on_all(lost);
            EXPECT_TRUE(ranks == 0 || ranks == world_size())
                << ranks << " ranks were told by fences; " << interposer::failed();
            if (!interposer::failed().empty() && ranks == 0 && !agrees) {
                EXPECT_TRUE(threw || world_rank() != where) << interposer::failed() << " unnoticed";
            }
            if (ranks > 0) now.reset();
        }
}

std::optional<surroundings> plain() {
    return std::optional<surroundings>(std::in_place);
}

TEST(FailingTransfer, OfAPutIsToldByItOrByTheFence) {
    expect_told_by_fences(plain, [](surroundings& s) {
        const auto from = s.room(s.middle());
        s.numbers.put(s.middle(), from);
        s.numbers.put({2 * s.everyone.size() - 1, 0}, 7);
        const auto whole = s.room(s.all());
        s.numbers.put_async(s.all(), whole).wait();
    });
}

TEST(FailingTransfer, OfAGetIsToldWhereItWasCalled) {
    expect_told_by_fences(plain, [](surroundings& s) {
        auto to = s.room(s.middle());
        s.numbers.get(s.middle(), to);
        static_cast<void>(s.numbers.get({2 * s.everyone.size() - 1, 0}));
        s.numbers.get_async(s.middle(), to).wait();
    });
}

TEST(FailingTransfer, OfAnAccumulateIsToldByItOrByTheFence) {
    expect_told_by_fences(plain, [](surroundings& s) {
        const auto from = s.room(s.middle());
        s.numbers.accumulate(s.middle(), from);
        s.numbers.accumulate(s.middle(), from, accumulate_op::max, 3L);
    });
}

TEST(FailingTransfer, OfListsAndAtomicsIsToldByThemOrByTheFence) {
    expect_told_by_fences(plain, [](surroundings& s) {
        const index_t last = 2 * s.everyone.size() - 1;
        const std::vector<indices<2>> places{{0, 1}, {last, 2}, {0, 3}, {last, 4}};
        std::vector<long> values(4, 2);
        s.numbers.scatter(places, values);
        s.numbers.gather(places, values);
        s.numbers.scatter_add(places, values);
        s.numbers.fetch_add({last, 0}, 1);
    });
}

TEST(FailingTransfer, OfListsOfAllRanksIsToldByThemOrByTheFence) {
    const auto operate = [](surroundings& s) {
        const index_t last = 2 * s.everyone.size() - 1;
        const std::vector<indices<2>> places{{0, 1}, {last, 2}, {0, 3}, {last, 4}};
        std::vector<long> values(4, 2);
        s.numbers.scatter_add_all(places, values);
        s.numbers.gather_all(places, values);
    };

    expect_told_by_fences(plain, operate, true, failing::one_rank_in_turn);
}

TEST(FailingTransfer, OfGhostsIsToldByTheExchangeOrByAFence) {
    for (const index_t columns : {6, 9000}) { // leaders alone, and all ranks
        SCOPED_TRACE(columns);
        array_options options;
        options.ghosts = {{1, 2}, {true, false}};
        const auto make = [&] {
            return std::optional<surroundings>(std::in_place, options, columns);
        };

        const auto at_once = [](surroundings& s) { s.numbers.exchange_ghosts(); };
        const auto in_two_halves = [](surroundings& s) {
            s.numbers.start_exchange_ghosts();
            s.numbers.finish_exchange_ghosts();
        };
        expect_told_by_fences(make, at_once, false, failing::one_rank_in_turn);
        expect_told_by_fences(make, in_two_halves, false, failing::one_rank_in_turn);
    }
}

// Scratch space is there already: making it is an array's affair.
TEST(FailingTransfer, OfACollectiveCallIsToldByItOrByTheFence) {
    constexpr std::size_t most = 40'000; // several chunks of the pipeline
    const auto call = [](surroundings& s, std::size_t count) {
        std::vector<long> values(count, 1);
        all_reduce(s.everyone, values);
        broadcast(s.everyone, values, s.everyone.size() - 1);
    };
    const auto make = [&] {
        std::optional<surroundings> made(std::in_place);
        call(*made, most);
        return made;
    };
    for (const std::size_t count : {std::size_t{1}, std::size_t{500}, most}) {
        SCOPED_TRACE(count);
        const auto collective = [&](surroundings& s) { call(s, count); };
        expect_told_by_fences(make, collective, false, failing::one_rank_in_turn);
    }
}

TEST(FailingCall, AnArrayWithGhostsIsMadeOnAllRanksOrOnNone) {
    std::optional<team> everyone(MPI_COMM_WORLD);
    std::optional<field> made;
    array_options options;
    options.ghosts = {{1, 2}, {true, false}};
    const auto make = [&] { made.emplace(*everyone, indices<2>{30, 6}, options); };
    const int calls = count_calls(make);

    expect_all_or_none(calls, make, [&] {
        made.reset();
        everyone.emplace(MPI_COMM_WORLD); // so that windows are made as well
    });
}

TEST(FailingCall, AQueueIsMadeOnAllRanksOrOnNone) {
    std::optional<team> everyone(MPI_COMM_WORLD);
    if (everyone->nodes() > 1) GTEST_SKIP() << "a queue is of one node";
    std::unique_ptr<queue<int>> made;
    const auto make = [&] { made = std::make_unique<queue<int>>(*everyone, 10); };
    const int calls = count_calls(make);
    if (everyone->size() == 1) GTEST_SKIP() << "one rank's memory needs no MPI";
    EXPECT_GT(calls, 0);

    expect_all_or_none(calls, make, [&] {
        made.reset();
        everyone.emplace(MPI_COMM_WORLD); // so that windows are made as well
    });
}

TEST(FailingCall, ATableIsLoadedOnAllRanksOrOnNoneAndTheTeamLivesOn) {
    team everyone(MPI_COMM_WORLD);
    replicated<int, 1> table(everyone, {50'000});
    const std::vector<int> values(50'000, 3);
    const auto load = [&] { table.load(values, everyone.size() - 1); };
    const auto publish = [&] { table.publish(everyone.nodes() - 1); };
    const int calls = count_calls(load), more_calls = count_calls(publish);

    expect_all_or_none(calls, load, [] {});
    expect_all_or_none(more_calls, publish, [] {});

    load();
    for (const int value : table.node()) ASSERT_EQ(value, 3);
}

} // namespace
