#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "ghost_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::array_options;
using nodespan::box;
using nodespan::errc;
using nodespan::index_t;
using nodespan::indices;
using nodespan::team;

array_options ghosts(std::vector<index_t> width, std::vector<bool> periodic = {}) {
    array_options options;
    options.ghosts = {std::move(width), std::move(periodic)};
    return options;
}

// Sleeps now and then, so that ranks come in every order.
class uneven_pauses {
public:
    explicit uneven_pauses(int rank) : random_(static_cast<std::uint64_t>(rank) + 77) {}

    void operator()() {
        if (random_.below(3) == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(random_.below(1500)));
    }

private:
    random_numbers random_;
};

template <int N>
void run_drawn_cases(int count) {
    team everyone(MPI_COMM_WORLD);
    for (int seed = 0; seed < count; ++seed) {
        random_numbers random(static_cast<std::uint64_t>(seed) * 1000 + N);
        const auto drawn = ghost_case<N>::draw(random, everyone);
        SCOPED_TRACE(seed);

        ghost_check<double, N>(everyone, drawn.extents, drawn.options).run(3);
    }
}

TEST(Ghosts, HoldTheElementsTheyStandForInOneDimension) {
    run_drawn_cases<1>(40);
}

TEST(Ghosts, HoldTheElementsTheyStandForInTwoDimensions) {
    run_drawn_cases<2>(60);
}

TEST(Ghosts, HoldTheElementsTheyStandForInThreeDimensions) {
    run_drawn_cases<3>(40);
}

TEST(Ghosts, ReachPastNeighboursWithFewerRowsThanTheyAreWide) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t rows : {1, 2, 3, 5, 7, 9})
        for (const bool periodic : {false, true})
            for (index_t width = 0; width <= (periodic ? rows : 12); ++width) {
                SCOPED_TRACE(testing::Message() << rows << " rows, width " << width);
                ghost_check<int, 2>(everyone, {rows, 3}, ghosts({width, 1}, {periodic, true}))
                    .run(2);
            }
}

TEST(Ghosts, AroundEmptyArraysAreNone) {
    team everyone(MPI_COMM_WORLD);
    for (const indices<2>& extents : {indices<2>{0, 5}, indices<2>{5, 0}, indices<2>{0, 0}}) {
        ghost_check<int, 2> check(everyone, extents, ghosts({2, 2}));

        check.run(2);

        EXPECT_TRUE(check.elements.node_with_ghosts().empty());
        EXPECT_TRUE(check.elements.local_with_ghosts().empty());
    }
}

struct triple {
    std::uint64_t a, b, c;
    static triple of(std::uint64_t mixed) { return {mixed, ~mixed, mixed >> 7}; }
};
struct colour {
    std::uint8_t red, green, blue;
    static colour of(std::uint64_t mixed) {
        return {static_cast<std::uint8_t>(mixed >> 56), static_cast<std::uint8_t>(mixed >> 48),
                static_cast<std::uint8_t>(mixed >> 40)};
    }
};
static_assert(sizeof(triple) == 24 && sizeof(colour) == 3);

template <class T>
class GhostsOf : public testing::Test {};
using types = testing::Types<char, colour, std::int16_t, float, std::int64_t, triple>;
TYPED_TEST_SUITE(GhostsOf, types);

TYPED_TEST(GhostsOf, HoldTheElementsTheyStandFor) {
    team everyone(MPI_COMM_WORLD);

    ghost_check<TypeParam, 1>(everyone, {5 * everyone.size()}, ghosts({2}, {true})).run(3);
    ghost_check<TypeParam, 2>(everyone, {3 * everyone.size(), 7}, ghosts({1, 3}, {false, true}))
        .run(3);
}

TEST(Ghosts, OfManyBytesAreSharedAmongTheRanksOfANode) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 3 * everyone.size();

    ghost_check<double, 2>(everyone, {rows, 6000}, ghosts({2, 3}, {true, true})).run(3);
    ghost_check<triple, 3>(everyone, {rows, 40, 50}, ghosts({2, 2, 0}, {true, false, false}))
        .run(3);
    array_options columns = ghosts({1, 3}, {false, true});
    columns.distribution.node_grid = {1, 0};
    ghost_check<double, 2>(everyone, {9000, 4 * everyone.size()}, columns).run(3);
}

TEST(Ghosts, HoldWhatNeighboursHadAtTheirStartWhoeverIsSlow) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 4 * everyone.size();
    uneven_pauses pause(everyone.rank());

    ghost_check<std::int64_t, 2>(everyone, {rows, 6}, ghosts({1, 1}, {true, true})).run(60, pause);
    ghost_check<std::int64_t, 2>(everyone, {rows, 5000}, ghosts({2, 1})).run(12, pause);
}

TEST(Ghosts, OfSeveralArraysMayBeUnderWayAtOnce) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 3 * everyone.size();
    ghost_check<double, 2> a(everyone, {rows, 8}, ghosts({1, 1}, {true, true}));
    ghost_check<triple, 1> b(everyone, {rows}, ghosts({3}, {true}));
    ghost_check<float, 2> c(everyone, {rows, 9000}, ghosts({2, 0}));
    uneven_pauses pause(everyone.rank());

    for (int epoch = 0; epoch < 15; ++epoch) {
        SCOPED_TRACE(epoch);
        a.prepare(epoch);
        b.prepare(epoch);
        c.prepare(epoch);
        pause();
        a.elements.start_exchange_ghosts();
        b.elements.start_exchange_ghosts();
        pause();
        b.elements.finish_exchange_ghosts();
        c.elements.start_exchange_ghosts();
        b.expect_right(epoch);
        c.elements.finish_exchange_ghosts();
        a.elements.finish_exchange_ghosts();
        a.expect_right(epoch);
        c.expect_right(epoch);
    }
}

TEST(Ghosts, OfSeveralTeamsMayBeUnderWayAtOnce) {
    team everyone(MPI_COMM_WORLD), singles(MPI_COMM_WORLD, {1});
    ghost_check<int, 1> a(everyone, {5 * everyone.size()}, ghosts({2}, {true}));
    ghost_check<int, 1> b(singles, {5 * everyone.size()}, ghosts({2}, {true}));

    for (int epoch = 0; epoch < 20; ++epoch) {
        a.prepare(epoch);
        b.prepare(epoch);
        a.elements.start_exchange_ghosts();
        b.elements.start_exchange_ghosts();
        a.elements.finish_exchange_ghosts();
        b.elements.finish_exchange_ghosts();
        a.expect_right(epoch);
        b.expect_right(epoch);
    }
}

TEST(Ghosts, InsideMayBeWrittenWhileTheyAreUnderWay) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 12 * everyone.size();
    ghost_check<int, 1> check(everyone, {rows}, ghosts({2}, {true}));
    const box<1> node = check.elements.node_box();
    const box<1> inside{{node.lo[0] + 2}, {node.hi[0] - 2}};

    for (int epoch = 0; epoch < 10; ++epoch) {
        check.prepare(epoch);
        check.elements.start_exchange_ghosts();
        for_each_index(inside.intersection(check.elements.rank_box()),
                       [&](const indices<1>& at) { check.elements(at[0]) = -7; });
        check.elements.finish_exchange_ghosts();

        index_t kept = 0;
        for_each_index(inside,
                       [&](const indices<1>& at) { kept += check.elements(at[0]) == -7 ? 1 : 0; });
        EXPECT_EQ(kept, inside.size());
        check.elements.node_fence();
        check.write(epoch);
        check.elements.node_fence();
        check.expect_right(epoch);
    }
}

TEST(Ghosts, BoxesAndViewsAgree) {
    team everyone(MPI_COMM_WORLD);
    const indices<3> width{2, 0, 1};
    array<int, 3> a(everyone, {2 * everyone.size() + 1, 5, 4}, ghosts({2, 0, 1}));
    const array<int, 3>& readable = a;
    const box<3> whole = a.node_box_with_ghosts(), node = a.node_box(), mine = a.rank_box();

    for (std::size_t d = 0; d < 3; ++d) {
        EXPECT_EQ(whole.lo[d], node.lo[d] - width[d]);
        EXPECT_EQ(whole.hi[d], node.hi[d] + width[d]);
        EXPECT_EQ(a.local_with_ghosts().extents()[d], mine.extents()[d] + 2 * width[d]);
    }
    EXPECT_EQ(a.node_with_ghosts().extents(), whole.extents());
    EXPECT_TRUE(a.node_with_ghosts().is_exhaustive());
    EXPECT_EQ(readable.node_with_ghosts().data_handle(), a.node_with_ghosts().data_handle());
    EXPECT_EQ(readable.local_with_ghosts().data_handle(), a.local_with_ghosts().data_handle());
    const auto in = [](const box<3>& outer, indices<3> at) {
        for (std::size_t d = 0; d < 3; ++d) at[d] -= outer.lo[d];
        return at;
    };
    for_each_index(node, [&](const indices<3>& at) {
        ASSERT_EQ(&a.node_with_ghosts()[in(whole, at)], &a(at[0], at[1], at[2]));
        ASSERT_EQ(&a.node()[in(node, at)], &a(at[0], at[1], at[2]));
    });
    const box<3> mine_grown{{mine.lo[0] - 2, mine.lo[1], mine.lo[2] - 1},
                            {mine.hi[0] + 2, mine.hi[1], mine.hi[2] + 1}};
    for_each_index(mine_grown, [&](const indices<3>& at) {
        ASSERT_EQ(&a.local_with_ghosts()[in(mine_grown, at)], &a.node_with_ghosts()[in(whole, at)]);
    });
}

TEST(Ghosts, AreLeftAloneByTransfers) {
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{3 * everyone.size(), 5};
    ghost_check<int, 2> check(everyone, extents, ghosts({2, 1}, {true, false}));
    array<int, 2>& a = check.elements;
    const box<2> all{{0, 0}, extents};
    const auto count = static_cast<std::size_t>(all.size());
    check.prepare(0);
    a.fence();

    std::vector<int> values(count), expected(count), zeros(count, 0);
    a.get(all, values);
    a.fence();
    if (everyone.rank() == everyone.size() - 1) {
        a.put(all, values);
        a.accumulate(all, zeros);
        a.put({0, 0}, a.get({0, 0}));
        a.scatter_add(std::vector<indices<2>>{{0, 0}, {extents[0] - 1, 4}}, std::vector<int>{0, 0});
    }
    a.fence();

    for_each_index(all, [&](const indices<2>& at) {
        expected[static_cast<std::size_t>(number_of<2>(at, extents))] = check.element_value(at, 0);
    });
    EXPECT_EQ(values, expected);
    EXPECT_EQ(check.count_changed(0, 0), 0);
    a.exchange_ghosts();
    check.expect_right(0);
}

TEST(Ghosts, ExchangeSeesWhatTransfersBroughtBeforeAFence) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 3 * everyone.size();
    ghost_check<double, 1> check(everyone, {rows}, ghosts({2}, {true}));

    for (int epoch = 0; epoch < 20; ++epoch) {
        check.prepare(epoch - 1000);
        check.elements.fence();
        const box<1> theirs = check.elements.rank_box_of((everyone.rank() + 1) % everyone.size());
        std::vector<double> values;
        for_each_index(theirs, [&](const indices<1>& at) {
            values.push_back(check.element_value(at, epoch));
        });
        check.elements.put(theirs, values);
        check.elements.fence();
        check.elements.exchange_ghosts();

        check.expect_right(epoch);
    }
}

TEST(Ghosts, OfWidthZeroMakeTheExchangeAFenceOfTheNode) {
    team everyone(MPI_COMM_WORLD);
    for (const array_options& options : {array_options{}, ghosts({0}, {true})}) {
        ghost_check<int, 1> check(everyone, {5 * everyone.size()}, options);

        check.run(50, uneven_pauses(everyone.rank()));
    }
}

TEST(Ghosts, ASecondStartIsRefusedAndTheFirstGoesOn) {
    team everyone(MPI_COMM_WORLD);
    for (const bool periodic : {false, true}) {
        ghost_check<int, 1> check(everyone, {3 * everyone.size()}, ghosts({2}, {periodic}));
        check.prepare(1);
        check.elements.start_exchange_ghosts();

        const auto refused = caught([&] { check.elements.start_exchange_ghosts(); });
        check.elements.finish_exchange_ghosts();

        EXPECT_EQ(refused.code, errc::invalid_argument) << refused.text;
        EXPECT_THAT(refused.text, testing::HasSubstr("array<int,1>::start_exchange_ghosts"));
        check.expect_right(1);
        check.run(2);
    }
}

// Messages that come too late for their array find nothing else in its place; some ranks' arrays
// end by an exception, which they handle.
TEST(Ghosts, OfAnArrayThatEndsBeforeTheirFinishReachNoOtherArray) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = everyone.size();
    // Two ranks have messages that are still under way when the next array is made.
    const index_t many = everyone.size() == 2 ? 1 << 21 : 1 << 15;
    for (const index_t columns : {index_t{3}, index_t{1000}, many})
        for (const bool unwinds : {false, true}) {
            SCOPED_TRACE(testing::Message() << columns << " columns, unwinds " << unwinds);
            try {
                array<double, 2> a(everyone, {rows, columns}, ghosts({1, 0}, {true, false}));
                for (double& x : a.local().span()) x = 7;
                a.fence();
                a.start_exchange_ghosts();
                if (unwinds && everyone.rank() % 2 == 0) throw std::runtime_error("bad input");
            } catch (const std::runtime_error&) {
                // This rank goes on with the others.
            }

            array<double, 2> next(everyone, {rows, columns}, ghosts({1, 0}, {true, false}));

            const auto wrong = [&] {
                index_t count = 0;
                for (const double x : next.node_with_ghosts().span()) count += x != 0;
                return count;
            };
            EXPECT_EQ(wrong(), 0);
            for (int i = 0; i < 50; ++i) next.fence(); // MPI goes on
            EXPECT_EQ(wrong(), 0);
            next.exchange_ghosts();
            EXPECT_EQ(wrong(), 0);
            next.fence();
        }
}

TEST(Ghosts, OfTheLastArrayMayBeUnderWayWhenTheTeamEnds) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {2 * everyone.size(), 1 << 17}, ghosts({1, 0}, {true, false}));
    if (everyone.rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    a.start_exchange_ghosts();
}

TEST(Ghosts, OptionsThatFitNoArrayAreRefusedOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    constexpr index_t huge = std::numeric_limits<index_t>::max();
    for (const array_options& bad :
         {ghosts({1}), ghosts({1, 1, 1}), ghosts({1, -1}), ghosts({1, 1}, {true}),
          ghosts({4, 1}, {true, false}), ghosts({1, huge}), ghosts({1, huge / 8})}) {
        const auto refused = caught([&] { array<int, 2> never(everyone, {3, 3}, bad); });

        EXPECT_EQ(refused.code, errc::invalid_argument) << refused.text;
        EXPECT_TRUE(refused.collective);
    }
    ghost_check<int, 1>(everyone, {30}, ghosts({1}, {true})).run(2);
}

TEST(Ghosts, OptionsOfOneRankThatDifferAreRefusedOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "nobody to differ from";
    for (int other = 0; other < everyone.size(); ++other) {
        const bool is_other = everyone.rank() == other;
        const auto width =
            caught([&] { array<int, 1> never(everyone, {30}, ghosts({is_other ? 2 : 1})); });
        const auto periodic =
            caught([&] { array<int, 1> never(everyone, {30}, ghosts({1}, {is_other})); });
        const auto bad =
            caught([&] { array<int, 1> never(everyone, {30}, ghosts({is_other ? -1 : 1})); });

        EXPECT_EQ(width.code, errc::mismatched_arguments) << width.text;
        EXPECT_EQ(periodic.code, errc::mismatched_arguments) << periodic.text;
        EXPECT_EQ(bad.code, errc::invalid_argument) << bad.text;
        EXPECT_TRUE(width.collective && periodic.collective && bad.collective);
    }
    ghost_check<int, 1>(everyone, {30}, ghosts({1}, {true})).run(2);
}

enum class moment { before_start, before_finish };

// One rank throws past its team before it starts, or finishes, an exchange, of small messages
// between leaders or of large ones between all ranks. What this rank saw; "left" if it left.
caught_error leave(int leaver, int ranks_per_node, moment when, index_t columns) {
    caught_error seen;
    try {
        team everyone(MPI_COMM_WORLD, {ranks_per_node});
        array<double, 2> a(everyone, {2 * everyone.size(), columns}, ghosts({1, 0}, {true, false}));
        a.exchange_ghosts();
        const bool leaves = world_rank() == leaver;
        everyone.fence();
        MPI_Barrier(MPI_COMM_WORLD); // nobody is still inside that fence
        if (leaves && when == moment::before_start) throw std::runtime_error("this rank leaves");
        seen = caught([&] {
            a.start_exchange_ghosts();
            if (leaves) throw std::runtime_error("this rank leaves");
            a.finish_exchange_ghosts();
            a.fence(); // who got all messages is told here
        });
    } catch (const std::runtime_error& left) {
        if (std::string(left.what()) == "this rank leaves") seen.text = "left";
    }
    return seen; // and destructors have returned
}

void expect_loss_is_told(moment when) {
    if (world_size() < 2) GTEST_SKIP() << "a lone rank loses nobody";
    for (const index_t columns : {3, 20'000})
        for (int ranks_per_node = 0; ranks_per_node <= 3; ++ranks_per_node)
            for (const int leaver : std::set{0, 1, world_size() - 1}) {
                SCOPED_TRACE(testing::Message() << columns << " columns, " << ranks_per_node
                                                << " a node, leaver " << leaver);

                const auto seen = leave(leaver, ranks_per_node, when, columns);

                if (world_rank() == leaver) {
                    EXPECT_EQ(seen.text, "left");
                } else {
                    EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
                }
                MPI_Barrier(MPI_COMM_WORLD); // the one that left still serves MPI
            }
}

TEST(GhostsLoss, ARankThatLeavesBetweenStartAndFinishIsMissed) {
    expect_loss_is_told(moment::before_finish);
}

TEST(GhostsLoss, ARankThatLeavesBeforeTheStartIsMissed) {
    expect_loss_is_told(moment::before_start);
}

} // namespace
