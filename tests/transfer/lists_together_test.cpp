// Lists that all ranks move together, against the same lists moved one element after the other.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array_options;
using nodespan::box;
using nodespan::errc;
using nodespan::index_t;
using nodespan::indices;
using nodespan::team;

struct record { // 24 bytes
    index_t number;
    double half;
    std::int32_t kind, check;
    friend bool operator==(const record&, const record&) = default;
};

template <class T>
T value_of(std::uint64_t k) {
    if constexpr (std::is_same_v<T, record>)
        return {static_cast<index_t>(k), static_cast<double>(k) / 2, static_cast<int>(k % 7), 4711};
    else if constexpr (std::is_same_v<T, std::array<char, 3>>)
        return {static_cast<char>(k), static_cast<char>(k >> 8), 'x'};
    else if constexpr (std::is_same_v<T, std::complex<double>>)
        return {static_cast<double>(k % 1009) / 7, static_cast<double>(k % 13)};
    else if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(k % 10007) / 7; // sums round differently in another order
    else
        return static_cast<T>(k);
}

// Every rank can make the list of each.
template <class T, int N>
struct list {
    std::vector<indices<N>> places;
    std::vector<T> values;
};

// Of `count` places, among the first `different` indices along each dimension.
template <class T, int N>
list<T, N> list_of(int rank, std::size_t count, const indices<N>& extents, index_t different) {
    std::mt19937_64 random(static_cast<std::uint64_t>(rank) * 1000 + count);
    list<T, N> result;
    for (std::size_t i = 0; i < count; ++i) {
        indices<N> at;
        for (std::size_t d = 0; d < N; ++d)
            at[d] = static_cast<index_t>(
                random() % static_cast<std::uint64_t>(std::min(extents[d], different)));
        result.places.push_back(at);
        result.values.push_back(value_of<T>(random() >> 20));
    }
    return result;
}

// The whole array in this rank's memory, for what it should hold.
template <class T, int N>
class expected_elements {
public:
    explicit expected_elements(const indices<N>& extents)
        : extents_(extents),
          elements_(static_cast<std::size_t>(box<N>{{}, extents}.size())) {}

    T& operator[](const indices<N>& at) {
        index_t place = 0;
        for (std::size_t d = 0; d < N; ++d) place = place * extents_[d] + at[d];
        return elements_[static_cast<std::size_t>(place)];
    }

    // The order that array::gather_all promises: turns of 8 MiB, in each the ranks in order.
    template <class Change>
    void take_turns(const std::vector<list<T, N>>& lists, Change&& change) {
        const std::size_t turn = (std::size_t{8} << 20) / (8 + std::max<std::size_t>(sizeof(T), 4));
        std::size_t longest = 0;
        for (const list<T, N>& one : lists) longest = std::max(longest, one.places.size());
        for (std::size_t begin = 0; begin < longest; begin += turn)
            for (const list<T, N>& one : lists)
                for (std::size_t i = begin; i < std::min(begin + turn, one.places.size()); ++i)
                    change((*this)[one.places[i]], one.values[i]);
    }

private:
    indices<N> extents_;
    std::vector<T> elements_;
};

template <class T>
bool same_bits(const T& one, const T& other) {
    if constexpr (std::is_same_v<T, long double>) return one == other; // its padding is anything
    return std::memcmp(&one, &other, sizeof(T)) == 0;
}

template <class T, int N>
struct situation {
    indices<N> extents;
    array_options options = {};
    std::function<std::size_t(int rank)> count;
    index_t different = index_t{1} << 40;
};

// Scatters, adds where elements can be added, and gathers; looks at all elements each time.
template <class T, int N>
void expect_lists_move(const situation<T, N>& s) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array<T, N> a(everyone, s.extents, s.options);
    expected_elements<T, N> expected(s.extents);
    std::vector<list<T, N>> lists;
    for (int rank = 0; rank < everyone.size(); ++rank)
        lists.push_back(list_of<T, N>(rank, s.count(rank), s.extents, s.different));
    const list<T, N>& mine = lists[static_cast<std::size_t>(everyone.rank())];
    const auto expect_same = [&](const char* after) {
        index_t wrong = 0;
        a.for_each_local_box([&](const box<N>& part, const indices<N>&) {
            for_each_index(part, [&](const indices<N>& at) {
                wrong += same_bits(a.get(at), expected[at]) ? 0 : 1;
            });
        });
        ASSERT_EQ(wrong, 0) << "elements after " << after;
    };

    a.scatter_all(mine.places, mine.values);
    expected.take_turns(lists, [](T& element, const T& value) { element = value; });
    expect_same("scatter_all");

    if constexpr (nodespan::array<T, N>::is_number) {
        a.scatter_add_all(mine.places, mine.values);
        expected.take_turns(
            lists, [](T& element, const T& value) { element = static_cast<T>(element + value); });
        expect_same("scatter_add_all");
    }

    std::vector<T> found(mine.places.size());
    a.gather_all(mine.places, found);
    index_t wrong = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
        wrong += same_bits(found[i], expected[mine.places[i]]) ? 0 : 1;
    EXPECT_EQ(wrong, 0) << "elements gathered";
    expect_same("gather_all");
}

std::size_t a_few(int rank) {
    return static_cast<std::size_t>(100 + 37 * rank);
}

TEST(ListsTogether, MoveElementsOfAllTypes) {
    expect_lists_move<double, 1>({.extents = {1000}, .count = a_few});
    expect_lists_move<std::int8_t, 1>({.extents = {77}, .count = a_few});
    expect_lists_move<std::uint16_t, 1>({.extents = {77}, .count = a_few});
    expect_lists_move<float, 1>({.extents = {300}, .count = a_few});
    expect_lists_move<long double, 1>({.extents = {77}, .count = a_few});
    expect_lists_move<std::complex<double>, 1>({.extents = {77}, .count = a_few});
    expect_lists_move<record, 1>({.extents = {500}, .count = a_few});
    expect_lists_move<std::array<char, 3>, 1>({.extents = {500}, .count = a_few});
}

TEST(ListsTogether, FindElementsHoweverTheArrayIsCut) {
    const int ranks = world_size();
    std::vector<index_t> cuts{0};
    for (int k = 1; k < ranks; ++k) cuts.push_back(std::min<index_t>(40, 3 * k * k));
    cuts.push_back(40);

    expect_lists_move<int, 2>({.extents = {40, 9}, .count = a_few});
    expect_lists_move<int, 2>({.extents = {2, 300}, .count = a_few}); // some ranks have nothing
    expect_lists_move<int, 2>(
        {.extents = {9, 40},
         .options = {.distribution = {.node_grid = {1, 0}, .rank_grid = {1, 0}}},
         .count = a_few});
    expect_lists_move<int, 2>(
        {.extents = {40, 9}, .options = {.distribution = {.cuts = {cuts, {}}}}, .count = a_few});
    expect_lists_move<int, 2>(
        {.extents = {41, 9}, .options = {.distribution = {.block = {3, 2}}}, .count = a_few});
    expect_lists_move<double, 3>({.extents = {20, 5, 7},
                                  .options = {.ghosts = {{1, 2, 0}, {true, false, false}}},
                                  .count = a_few});
    expect_lists_move<int, 6>({.extents = {12, 2, 2, 2, 2, 2}, .count = a_few});
}

TEST(ListsTogether, MayBeEmptyOnSomeRanksOrOnAll) {
    expect_lists_move<double, 1>({.extents = {1000}, .count = [](int rank) {
                                      return rank == world_size() - 1 ? std::size_t{50} : 0;
                                  }});
    expect_lists_move<double, 1>(
        {.extents = {1000}, .count = [](int rank) { return rank == 0 ? std::size_t{50} : 0; }});
    expect_lists_move<double, 1>({.extents = {1000}, .count = [](int) { return std::size_t{0}; }});
    expect_lists_move<double, 1>({.extents = {0}, .count = [](int) { return std::size_t{0}; }});
}

// Some ranks come to turns with nothing left.
TEST(ListsTogether, OfManyTurnsKeepTheOrderOfTheirValues) {
    expect_lists_move<double, 1>({.extents = {5000}, .count = [](int rank) {
                                      return rank % 2 == 0 ? std::size_t{1'100'000} : 530'000;
                                  }});
    expect_lists_move<record, 1>({.extents = {100'000}, .count = [](int rank) {
                                      return rank % 2 == 0 ? std::size_t{20} : 300'000;
                                  }});
}

// All values go to one rank: more than it has room for at once.
TEST(ListsTogether, OfTheSameFewElementsKeepTheOrderOfTheirValues) {
    for (const index_t different : {1, 3})
        expect_lists_move<double, 1>({.extents = {1000},
                                      .count = [](int) { return std::size_t{530'000}; },
                                      .different = different});
}

// The room grows for them, and serves small ones afterwards.
TEST(ListsTogether, MoveElementsLargerThanATurn) {
    struct large {
        std::array<index_t, 1'100'000> numbers; // 8.4 MiB
    };
    team everyone(MPI_COMM_WORLD);
    nodespan::array<large, 1> a(everyone, {2 * everyone.size()});
    nodespan::array<double, 1> small(everyone, {2 * everyone.size()});
    const index_t next = (2 * everyone.rank() + 3) % (2 * everyone.size());
    const std::vector<indices<1>> places{{next}};
    std::vector<large> values(1); // too large for the stack
    values[0].numbers.fill(next);
    const std::vector<double> one(1, 1.5);

    small.scatter_all(places, one);
    a.scatter_all(places, values);
    small.scatter_add_all(places, one);
    values[0].numbers.fill(0);
    a.gather_all(places, values);

    EXPECT_EQ(std::ranges::count(values[0].numbers, next), 1'100'000);
    for (index_t i = 1; i < 2 * everyone.size(); i += 2) EXPECT_EQ(small.get({i}), 1.5 + 1.5);
}

// No fence is needed on either side.
TEST(ListsTogether, ComeAfterWhatRanksHaveSentAndBeforeWhatTheySendNext) {
    team everyone(MPI_COMM_WORLD);
    const index_t size = everyone.size(), me = everyone.rank(), next = (me + 1) % size;
    nodespan::array<long, 1> a(everyone, {size});
    for (long round = 0; round < 20; ++round) {
        a.put({next}, 100 * round + next);
        a.scatter_add_all(std::vector<indices<1>>{{(me + 2) % size}}, std::vector<long>{1});
        ASSERT_EQ(a.get({next}), 100 * round + next + 1);
        std::vector<long> found(1);
        a.gather_all(std::vector<indices<1>>{{(me + 3) % size}}, found);
        ASSERT_EQ(found[0], 100 * round + (me + 3) % size + 1);
    }
}

// A rank's list is refused: all ranks are told the same, no element has moved, and all go on.
TEST(ListsTogether, AreRefusedOnAllRanksBeforeAnythingMoves) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array<double, 2> a(everyone, {2 * everyone.size(), 4});
    const int last = everyone.size() - 1;
    const auto expect_refused = [&](const std::vector<indices<2>>& places, std::size_t room,
                                    errc code, const std::string& text) {
        std::vector<double> values(room, 5);
        const std::pair<const char*, std::function<void()>> calls[] = {
            {"gather_all", [&] { a.gather_all(places, values); }},
            {"scatter_all", [&] { a.scatter_all(places, values); }},
            {"scatter_add_all", [&] { a.scatter_add_all(places, values); }}};
        for (const auto& [name, call] : calls) {
            const caught_error seen = caught(call);
            EXPECT_EQ(seen.code, code) << seen.text;
            EXPECT_TRUE(seen.collective);
            EXPECT_NE(seen.text.find(name + text), std::string::npos) << seen.text;
        }
        EXPECT_EQ(std::ranges::count(values, 5), static_cast<std::ptrdiff_t>(room));
    };

    const bool is_wrong = everyone.rank() == last;
    expect_refused({{0, 0}, {1, is_wrong ? 4 : 3}}, 2, errc::out_of_range, "({1, 4})");
    expect_refused({{0, 0}, {is_wrong ? -1 : 1, 3}}, 2, errc::out_of_range, "({-1, 3})");
    expect_refused({{0, 0}, {1, 3}}, is_wrong ? 3 : 2, errc::size_mismatch, ": 2 indices");

    for_each_index(a.node_box(), [&](const indices<2>& at) { EXPECT_EQ(a(at[0], at[1]), 0); });
    a.fence();
    a.scatter_add_all(std::vector<indices<2>>{{0, 0}}, std::vector<double>{1});
    EXPECT_EQ(a.get({0, 0}), everyone.size());
}

TEST(ListsTogether, OfDifferentArraysAreRefused) {
    if (world_size() == 1) return;
    team everyone(MPI_COMM_WORLD);
    nodespan::array<int, 1> a(everyone, {10}), b(everyone, {20});
    nodespan::array<int, 1>& mine = everyone.rank() == 0 ? a : b;
    std::vector<int> found(1);

    const caught_error seen = caught([&] { mine.gather_all(std::vector<indices<1>>{{0}}, found); });

    EXPECT_EQ(seen.code, errc::mismatched_arguments) << seen.text;
    EXPECT_NE(seen.text.find("gather_all of array<int,1>({20})"), std::string::npos) << seen.text;
}

TEST(ListsTogether, ARankThatLeavesIsMissed) {
    if (world_size() == 1) return;
    for (const std::size_t count : {1U, 400'000U}) {
        try {
            team everyone(MPI_COMM_WORLD);
            nodespan::array<double, 1> a(everyone, {100'000});
            auto mine = list_of<double, 1>(everyone.rank(), count, a.extents(), 100'000);
            a.scatter_add_all(mine.places, mine.values);
            if (everyone.rank() == world_size() - 1) throw 1;
            const caught_error missed = caught([&] {
                for (int i = 0; i < 3; ++i) a.scatter_add_all(mine.places, mine.values);
            });
            EXPECT_EQ(missed.code, errc::peer_lost) << missed.text;
        } catch (int) {
            // This is the one.
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

} // namespace
