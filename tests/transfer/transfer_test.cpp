// What a rank may rely on when it reaches other nodes: its own order, nothing lost, no allocation.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::accumulate_op;
using nodespan::array;
using nodespan::box;
using nodespan::errc;
using nodespan::index_t;
using nodespan::indices;
using nodespan::request;
using nodespan::team;
using testing::Each;
using testing::HasSubstr;

// A row for each rank, on its node; this rank works on the row of the next one.
struct ring {
    team everyone{MPI_COMM_WORLD};
    array<int, 2> a{everyone, {everyone.size(), 64}};
    index_t next = (everyone.rank() + 1) % everyone.size();

    box<2> columns(index_t from, index_t to) const { return {{next, from}, {next + 1, to}}; }
    std::vector<int> row() const {
        std::vector<int> values(64);
        a.get(columns(0, 64), values);
        return values;
    }
    /// After a fence every rank finds in the row it holds what the rank before it found.
    void expect_others_see(const std::vector<int>& expected) {
        a.fence();
        const auto mine = a.local();
        EXPECT_EQ(std::vector<int>(mine.data_handle(), mine.data_handle() + 64), expected);
        a.fence();
    }
};

std::vector<int> filled(std::size_t count, int value) {
    return std::vector<int>(count, value);
}

TEST(Transfer, ARankFindsWhatItHasPutInTheSameEpoch) {
    ring r;

    r.a.put(r.columns(0, 64), filled(64, 7));

    EXPECT_THAT(r.row(), Each(7));
    r.expect_others_see(filled(64, 7));
}

TEST(Transfer, OfOverlappingPutsTheLaterOneStays) {
    ring r;
    std::vector<int> expected(64, 1);
    for (std::size_t i = 20; i < 40; ++i) expected[i] = 2;
    expected[30] = 3;

    r.a.put(r.columns(0, 64), filled(64, 1));
    r.a.put(r.columns(20, 40), filled(20, 2));
    r.a.put({r.next, 30}, 3);

    EXPECT_EQ(r.row(), expected);
    r.expect_others_see(expected);
}

TEST(Transfer, APutOnlyStartedComesBeforeALaterOne) {
    ring r;
    const std::vector<int> first = filled(64, 1);

    request started = r.a.put_async(r.columns(0, 64), first);
    r.a.put(r.columns(0, 64), filled(64, 2));
    started.wait();

    EXPECT_THAT(r.row(), Each(2));
    r.expect_others_see(filled(64, 2));
}

TEST(Transfer, PutsAndAccumulatesOfARankKeepTheirOrder) {
    ring r;

    for (int round = 0; round < 20; ++round) {
        r.a.put(r.columns(0, 64), filled(64, 5));
        r.a.accumulate(r.columns(0, 64), filled(64, 4)); // 9
        r.a.accumulate(r.columns(0, 32), filled(32, 3), accumulate_op::prod);
        r.a.accumulate(r.columns(0, 64), filled(64, 12), accumulate_op::min);
        ASSERT_EQ(r.a.fetch_add({r.next, 3}, 1), 12);
        r.a.put(r.columns(32, 40), filled(8, -1));
    }

    std::vector<int> expected(64, 9);
    for (std::size_t i = 0; i < 40; ++i) expected[i] = i < 32 ? 12 : -1;
    expected[3] = 13;
    EXPECT_EQ(r.row(), expected);
    r.expect_others_see(expected);
}

// Accumulates that wait for the lock of others' accumulates at the target are not overtaken.
TEST(Transfer, AccumulatesOfARankKeepTheirOrderAmongThoseOfOthers) {
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {everyone.size(), 64 * everyone.size()});
    const index_t mine = 64 * everyone.rank();
    for (int round = 0; round < 30; ++round)
        for (index_t row = 0; row < everyone.size(); ++row) {
            const box<2> all{{row, mine}, {row + 1, mine + 64}},
                some{{row, mine}, {row + 1, mine + 4}};
            a.accumulate(some, filled(4, -round), accumulate_op::min);
            a.accumulate(all, filled(64, round), accumulate_op::replace);
        }

    a.fence();

    for_each_index(a.node_box(), [&](const auto& at) { ASSERT_EQ(a(at[0], at[1]), 29); });
}

TEST(Request, EndsOnceAndMoves) {
    ring r;
    r.a.put(r.columns(0, 64), filled(64, 3));
    std::vector<int> values(64);

    request first = r.a.get_async(r.columns(0, 64), values);
    request second(std::move(first));
    EXPECT_FALSE(first.valid()); // NOLINT: what a moved-from request is, is promised
    EXPECT_TRUE(second.valid());
    request third;
    third = std::move(second);
    third.wait();

    EXPECT_THAT(values, Each(3));
    EXPECT_FALSE(third.valid());
    const auto again = caught([&] { third.wait(); });
    EXPECT_EQ(again.code, errc::invalid_argument);
    EXPECT_THAT(again.text, HasSubstr("request::wait()"));
    EXPECT_EQ(caught([&] { third.test(); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { first.wait(); }).code, errc::invalid_argument);
    r.a.fence();
}

TEST(Request, ThatStandsForNothingIsRefused) {
    request none;

    EXPECT_FALSE(none.valid());
    const auto waited = caught([&] { none.wait(); });
    EXPECT_EQ(waited.code, errc::invalid_argument);
    EXPECT_THAT(waited.text, HasSubstr("never started"));
    EXPECT_THAT(caught([&] { none.test(); }).text, HasSubstr("request::test()"));
}

TEST(Request, IsRefusedWhenItsTeamHasEnded) {
    std::vector<int> values(64);
    request late;
    {
        ring r;
        late = r.a.get_async(r.columns(0, 64), values);
        r.a.fence();
    }

    const auto refused = caught([&] { late.wait(); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr("the team of this get_async has ended"));
    EXPECT_FALSE(late.valid());
}

TEST(Request, WaitsWhereItEndsOrIsAssignedTo) {
    ring r;
    std::vector<int> values = filled(64, 1);
    { const request unnamed = r.a.put_async(r.columns(0, 64), values); }
    values.assign(64, 0); // free again

    const std::vector<int> few = filled(16, 2);
    request one = r.a.put_async(r.columns(0, 16), few);
    one = r.a.put_async(r.columns(16, 32), few);
    EXPECT_TRUE(one.valid());
    one.wait();

    std::vector<int> expected(64, 1);
    for (std::size_t i = 0; i < 32; ++i) expected[i] = 2;
    EXPECT_EQ(r.row(), expected);
    r.expect_others_see(expected);
}

// The owners are asleep while the exception passes; what it unwinds is still the buffer's.
TEST(Request, WaitsWhileAnExceptionUnwindsIt) {
    constexpr index_t count = 1 << 16;
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {everyone.size(), count});
    for (int& x : a.local().span()) x = everyone.rank() + 10;
    a.fence();
    if (everyone.rank() == 0) {
        const index_t last = everyone.size() - 1;
        const box<2> from{{last, 0}, {last + 1, count}}, to{{last, 0}, {last + 1, count / 2}};
        std::vector<int> got(count, -1), sent(count / 2, 3);
        try {
            const request first = a.get_async(from, got);
            throw std::runtime_error("bad input");
        } catch (const std::runtime_error&) {
            EXPECT_THAT(got, Each(last + 10));
        }
        try {
            const request second = a.put_async(to, sent);
            request third = a.get_async(from, got);
            throw std::runtime_error("bad input");
        } catch (const std::runtime_error&) {
            sent.assign(sent.size(), 4); // the program's again
        }
    } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    a.fence();
    if (everyone.rank() + 1 == everyone.size()) {
        const auto mine = a.local().span();
        EXPECT_THAT(mine.first(count / 2), Each(3));
        EXPECT_THAT(mine.subspan(count / 2), Each(everyone.rank() + 10));
    }
    a.fence();
}

TEST(Request, IsWaitedForWhenItsArrayHasEnded) {
    team everyone(MPI_COMM_WORLD);
    std::vector<int> got(1 << 15, -1), sent(1 << 15, 7);
    const index_t next = (everyone.rank() + 1) % everyone.size();
    request last_get, last_put;
    {
        array<int, 2> a(everyone, {everyone.size(), 1 << 15});
        for (int& x : a.local().span()) x = everyone.rank();
        a.fence();
        last_get = a.get_async({{next, 0}, {next + 1, 1 << 15}}, got);
        last_get.wait();
        a.fence();
        last_put = a.put_async({{next, 0}, {next + 1, 1 << 15}}, sent);
    }
    array<int, 2> other(everyone, {everyone.size(), 1 << 15}); // in the same place

    last_put.wait();

    EXPECT_THAT(got, Each(next));
    other.fence();
    EXPECT_THAT(other.local().span(), Each(0));
    other.fence();
}

// A rank that has left a team, and does nothing for others in it, ends the wait for it.
TEST(Request, EndsWithAnErrorWhereTheOtherSideHasLeft) {
    if (world_size() != 3) GTEST_SKIP() << "with three ranks, since it takes seconds";
#ifdef MPICH_VERSION
    GTEST_SKIP()
        << "MPICH stays in a call until that rank is back in MPI, and has the elements then";
#endif
    static std::vector<int> got(1 << 20); // MPI may fill it at any time from now on
    errc seen{};
    bool has_nodes = false, has_returned = false;
    {
        team everyone(MPI_COMM_WORLD);
        has_nodes = everyone.nodes() == 3;
    }
    if (!has_nodes) GTEST_SKIP() << "needs three nodes";
    const bool leaves = world_rank() == 2;
    try {
        team everyone(MPI_COMM_WORLD);
        array<int, 2> a(everyone, {3, 1 << 20});
        for (int& x : a.local().span()) x = 5;
        a.fence();
        EXPECT_EQ(a.get({2, 0}), 5); // MPI's own first contact, which nobody else can end
        a.fence();
        if (leaves) throw std::runtime_error("this rank leaves");
        // What it does in MPI while it leaves could serve a transfer that has already begun.
        std::this_thread::sleep_for(std::chrono::seconds(1));
        request transfer = a.get_async({{2, 0}, {3, 1 << 20}}, got);
        transfer.wait();
        has_returned = true;
    } catch (const nodespan::error& failure) {
        seen = static_cast<errc>(failure.code().value());
    } catch (const std::runtime_error&) {
        std::this_thread::sleep_for(std::chrono::seconds(10)); // without a look at MPI
    }

    EXPECT_EQ(seen, leaves ? errc{} : errc::peer_lost);
    EXPECT_FALSE(has_returned);
    // It comes when that rank is in MPI again: before MPI ends, which would free its memory.
    const volatile int& last = got.back();
    for (int has_message = 0; !leaves && last != 5;)
        MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &has_message, MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST(Request, ManyEndTogether) {
    ring r;
    std::vector<int> sent(64), got(64);
    for (std::size_t i = 0; i < 64; ++i) sent[i] = static_cast<int>(i);
    std::vector<request> all(3); // stand for nothing: passed over
    for (index_t i = 0; i < 64; i += 4)
        all.push_back(r.a.put_async(r.columns(i, i + 4), std::span<const int>(sent).subspan(
                                                             static_cast<std::size_t>(i), 4)));

    nodespan::wait_all(all);
    for (const request& one : all) EXPECT_FALSE(one.valid());
    all.clear();
    for (index_t i = 60; i >= 0; i -= 4)
        all.push_back(r.a.get_async(r.columns(i, i + 4),
                                    std::span<int>(got).subspan(static_cast<std::size_t>(i), 4)));
    nodespan::wait_all(all);

    EXPECT_EQ(got, sent);
    r.a.fence();
}

template <class T>
class Accumulate : public testing::Test {};

using sum_types = testing::Types<std::int64_t, double, std::complex<double>>;
TYPED_TEST_SUITE(Accumulate, sum_types);

TYPED_TEST(Accumulate, OfAllRanksToTheSameElementsLosesNothing) {
    team everyone(MPI_COMM_WORLD);
    array<TypeParam, 2> a(everyone, {everyone.size() + 1, 9});
    const box<2> whole{{0, 0}, a.extents()};
    const std::vector<TypeParam> ones(static_cast<std::size_t>(a.size()), TypeParam(1));
    const std::vector<TypeParam> column(static_cast<std::size_t>(a.extent(0)), TypeParam(1));
    constexpr int rounds = 30;

    for (int i = 0; i < rounds; ++i) {
        a.accumulate(whole, ones);
        a.accumulate({{0, 4}, {a.extent(0), 5}}, column, accumulate_op::sum, TypeParam(3));
    }
    a.fence();

    const int all = rounds * everyone.size();
    for_each_index(a.node_box(), [&](const auto& at) {
        ASSERT_EQ(a(at[0], at[1]), static_cast<TypeParam>(at[1] == 4 ? 4 * all : all));
    });
}

TYPED_TEST(Accumulate, MixedWithOtherSumsLosesNothing) {
    team everyone(MPI_COMM_WORLD);
    array<TypeParam, 1> a(everyone, {4 * everyone.size()});
    const std::vector<TypeParam> ones(static_cast<std::size_t>(a.size()), TypeParam(1));
    std::vector<indices<1>> twice;
    for (index_t i = 0; i < a.size(); ++i) twice.insert(twice.end(), 2, {i});
    const std::vector<TypeParam> two_ones(twice.size(), TypeParam(1));
    constexpr int rounds = 10;

    int each = 0;
    for (int i = 0; i < rounds; ++i) {
        a.accumulate({{0}, {a.size()}}, ones);
        a.scatter_add(twice, two_ones);
        each += 3;
        if constexpr (array<TypeParam, 1>::is_addable) {
            for (index_t at = 0; at < a.size(); ++at) a.fetch_add({at}, TypeParam(2));
            each += 2;
        }
    }
    a.fence();

    for (const TypeParam value : a.node())
        ASSERT_EQ(value, static_cast<TypeParam>(each * everyone.size()));
}

template <class T>
class AccumulateSame : public testing::Test {};

using dtypes = testing::Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                              std::uint64_t, float, double, long double>;
TYPED_TEST_SUITE(AccumulateSame, dtypes);

// Numbers of any size, for floating-point ones also NaN, infinities and zeros of both signs.
template <class T>
std::vector<T> specials(std::size_t count, std::uint64_t seed) {
    std::vector<T> result(count);
    std::mt19937_64 random(seed);
    for (T& x : result)
        if constexpr (std::is_integral_v<T>) {
            x = static_cast<T>(random());
        } else {
            using limits = std::numeric_limits<T>;
            const T values[] = {limits::quiet_NaN(), T(0.0), T(-0.0), limits::infinity(),
                                -limits::infinity(), T(1.5), T(-3),   T(8)};
            x = values[random() % 8];
        }
    return result;
}

template <class T>
bool is_same(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
        if (std::isnan(a) || std::isnan(b) || a == 0)
            return std::isnan(a) == std::isnan(b) &&
                   (std::isnan(a) || (a == b && std::signbit(a) == std::signbit(b)));
    return a == b;
}

// By every operation; and by both ways to add to single elements. A team of one rank has one node:
// what it finds is what the others must find.
TYPED_TEST(AccumulateSame, OverNodesAsOnOneNode) {
    using enum accumulate_op;
    using T = TypeParam;
    constexpr std::size_t count = 133;
    constexpr auto n = static_cast<index_t>(count);
    team everyone(MPI_COMM_WORLD), alone(MPI_COMM_SELF);
    array<T, 2> a(everyone, {everyone.size(), n}), own(alone, {1, n});
    const index_t next = (everyone.rank() + 1) % everyone.size();
    const box<2> there{{next, 0}, {next + 1, n}}, here{{0, 0}, {1, n}};
    const auto seed = static_cast<std::uint64_t>(everyone.rank()) * 1000;
    const std::vector<T> before = specials<T>(count, seed), comes = specials<T>(count, seed + 1);
    const auto expect_same = [&](const std::string& what) {
        std::vector<T> got(count), wanted(count);
        a.get(there, got);
        own.get(here, wanted);
        for (std::size_t i = 0; i < count; ++i)
            ASSERT_TRUE(is_same(got[i], wanted[i]))
                << what << ": " << +before[i] << " and " << +comes[i] << " gave " << +got[i]
                << " over nodes, " << +wanted[i] << " on one";
    };
    const auto begin = [&] {
        a.put(there, before);
        own.put(here, before);
    };

    for (const accumulate_op op : {sum, min, max, prod, replace, fmin, fmax})
        for (const T scale : {T(1), T(3)}) {
            begin();
            a.accumulate(there, comes, op, scale);
            own.accumulate(here, comes, op, scale);
            expect_same(to_string(op));
        }
    std::vector<indices<2>> twice, own_twice;
    std::vector<T> doubled;
    for (index_t i = 0; i < n; ++i)
        for (int k = 0; k < 2; ++k) {
            twice.push_back({next, i});
            own_twice.push_back({0, i});
            doubled.push_back(comes[static_cast<std::size_t>(i)]);
        }
    begin();
    a.scatter_add(twice, doubled);
    own.scatter_add(own_twice, doubled);
    if constexpr (std::is_integral_v<T>)
        expect_same("scatter_add"); // others round in another order
    if constexpr (array<T, 2>::is_addable) {
        begin();
        for (index_t i = 0; i < n; ++i) {
            const T value = comes[static_cast<std::size_t>(i)];
            EXPECT_TRUE(is_same(a.fetch_add({next, i}, value), own.fetch_add({0, i}, value)));
        }
        expect_same("fetch_add");
    }
    a.fence();
}

// What the library combines under its own lock, by all ranks at once onto elements of all nodes.
TEST(Accumulate, ExtremesWithNansAndSumsOfSmallIntegersLoseNothingAmongAllRanks) {
    team everyone(MPI_COMM_WORLD);
    const index_t size = everyone.size();
    array<double, 1> least(everyone, {5 * size}), most(everyone, {5 * size});
    array<std::int8_t, 1> counts(everyone, {5 * size});
    constexpr int rounds = 12;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const box<1> all{{0}, {5 * size}};
    std::vector<double> values(static_cast<std::size_t>(5 * size));
    const std::vector<std::int8_t> ones(values.size(), 1);
    std::vector<indices<1>> places;
    for (index_t i = 0; i < 5 * size; ++i) places.push_back({i});

    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] =
                i % 3 == 0 && round == everyone.rank()
                    ? nan
                    : static_cast<double>(
                          (round * 31 + everyone.rank() * 17 + static_cast<int>(i)) % 100 + 1);
        least.accumulate(all, values, accumulate_op::max); // NaN wherever one came
        most.accumulate(all, values, accumulate_op::fmax);
        counts.accumulate(all, ones);
        counts.scatter_add(places, ones);
        for (index_t i = 0; i < 5 * size; i += 2) counts.fetch_add({i}, 2);
    }
    everyone.fence();

    for_each_index(most.node_box(), [&](const auto& at) {
        double expected = 0;
        for (int round = 0; round < rounds; ++round)
            for (int rank = 0; rank < everyone.size(); ++rank)
                if (at[0] % 3 != 0 || round != rank)
                    expected =
                        std::max(expected,
                                 static_cast<double>(
                                     (round * 31 + rank * 17 + static_cast<int>(at[0])) % 100 + 1));
        ASSERT_EQ(most(at[0]), expected) << at[0];
        ASSERT_EQ(std::isnan(least(at[0])), at[0] % 3 == 0) << at[0];
        if (at[0] % 3 != 0) {
            ASSERT_EQ(least(at[0]), expected) << at[0];
        }
        const int added = rounds * everyone.size() * (at[0] % 2 == 0 ? 4 : 2);
        ASSERT_EQ(counts(at[0]), static_cast<std::int8_t>(added)) << at[0];
    });
    everyone.fence();
}

// MPI exchanges words of up to 8 bytes; larger elements must not be cut to that.
TEST(Atomics, CompareExchangeRefusesLargeElementsOverNodes) {
    struct pair {
        std::int64_t first, second;
    };
    team everyone(MPI_COMM_WORLD);
    if (everyone.nodes() == 1) GTEST_SKIP() << "needs several nodes";
    array<pair, 1> a(everyone, {everyone.size()});
    for (pair& x : a.local()) x = {1, 2};
    a.fence();
    const pair desired{3, 4};
    pair expected{1, 2};

    // Not every compiler has the call itself for these.
    const auto seen = caught([&] {
        nodespan::detail::access::core(a).compare_exchange(nodespan::index_list(1, 0), &expected,
                                                           &desired);
    });

    EXPECT_EQ(seen.code, errc::invalid_argument);
    EXPECT_THAT(seen.text, HasSubstr("elements of 16 bytes"));
    a.fence();
    EXPECT_EQ(a.get({0}).first, 1);
    EXPECT_EQ(a.get({0}).second, 2);
    a.fence();
}

TEST(Atomics, OfAllRanksOnAnyNodeReturnEachValueOnce) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 1> next(everyone, {everyone.size()});
    const int each = everyone.size() > 4 ? 30 : 200;
    const index_t all = index_t{each} * everyone.size();
    array<std::int32_t, 2> taken(everyone, {everyone.size(), all});

    for (index_t counter = 0; counter < everyone.size(); ++counter)
        for (int i = 0; i < each; ++i) taken.fetch_add({counter, next.fetch_add({counter}, 1)}, 1);
    next.fence();

    for_each_index(taken.node_box(), [&](const auto& at) { ASSERT_EQ(taken(at[0], at[1]), 1); });
    for (const std::int64_t count : next.node()) EXPECT_EQ(count, all);
}

TEST(Atomics, CompareExchangeClaimsEachSlotOfAnyNodeOnce) {
    team everyone(MPI_COMM_WORLD);
    array<std::int32_t, 1> slots(everyone, {10 * everyone.size()});
    array<index_t, 1> wins(everyone, {everyone.size()});
    const std::int32_t me = everyone.rank() + 1;

    for (index_t i = 0; i < slots.size(); ++i) {
        std::int32_t found = 0;
        if (slots.compare_exchange({i}, found, me))
            wins.local()(0) += 1;
        else
            EXPECT_NE(found, 0); // whoever was first
    }
    wins.fence();
    std::vector<index_t> won(static_cast<std::size_t>(everyone.size()));
    wins.get({{0}, {everyone.size()}}, won);

    index_t total = 0;
    for (const index_t count : won) total += count;
    EXPECT_EQ(total, slots.size());
    for (const std::int32_t owner : slots.node())
        EXPECT_TRUE(owner >= 1 && owner <= everyone.size());
    wins.fence();
}

// What a rank sends to a leader that computes arrives while that one calls progress().
TEST(Progress, LetsAPutFinishWhileTheTargetComputes) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 1> a(everyone, {everyone.size()});
    const bool is_sender = everyone.rank() == everyone.size() - 1;

    if (is_sender) a.put({0}, 5);
    if (everyone.rank() == 0) {
        const std::atomic_ref<std::int64_t> seen(a(0));
        while (seen.load() != 5) everyone.progress();
    }
    a.fence(); // waits for the target, which comes only when it has seen the value

    EXPECT_EQ(a.get({0}), 5);
    a.fence();
}

} // namespace
