// What transfers refuse where they are called, on that rank alone, and that all goes on afterwards.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::accumulate_op;
using nodespan::array;
using nodespan::box;
using nodespan::errc;
using nodespan::index_t;
using nodespan::indices;
using nodespan::team;
using nodespan::view;
using testing::Each;
using testing::HasSubstr;

constexpr index_t largest = std::numeric_limits<index_t>::max();
constexpr index_t smallest = std::numeric_limits<index_t>::min();

// An array of sevens, of which nothing may have changed in the end.
struct sevens {
    team everyone{MPI_COMM_WORLD};
    array<double, 2> a{everyone, {10, 4}};
    std::vector<double> buffer = std::vector<double>(40, 1);

    sevens() {
        const auto mine = a.local();
        for (index_t i = 0; i < mine.extent(0); ++i)
            for (index_t j = 0; j < mine.extent(1); ++j) mine(i, j) = 7;
        a.fence();
    }

    void expect_untouched_and_usable() {
        a.fence();
        std::vector<double> all(40);
        a.get({{0, 0}, {10, 4}}, all);
        EXPECT_THAT(all, Each(7));
        a.fence();
        if (everyone.rank() == 0) a.put({9, 3}, 8);
        a.fence();
        EXPECT_EQ(a.get({9, 3}), 8);
        a.fence();
    }
};

void expect_refusal(const std::function<void()>& call, errc code,
                    const std::vector<std::string>& words) {
    const caught_error refused = caught(call);
    EXPECT_EQ(refused.code, code) << refused.text;
    EXPECT_FALSE(refused.collective);
    for (const std::string& word : words) EXPECT_THAT(refused.text, HasSubstr(word));
}

TEST(TransferRefusal, OfBoxesOutsideNamesTheCallAndTheBox) {
    sevens s;
    const std::vector<box<2>> bad{
        {{0, 0}, {11, 4}},       {{-1, 0}, {3, 4}},       {{3, 2}, {2, 4}},   {{0, 3}, {10, 2}},
        {{0, 0}, {10, largest}}, {{smallest, 0}, {0, 4}}, {{11, 0}, {11, 4}}, {{-1, 0}, {-1, 0}}};
    for (const box<2>& b : bad) {
        const std::string text = "[{" + std::to_string(b.lo[0]) + ", " + std::to_string(b.lo[1]) +
                                 "}, {" + std::to_string(b.hi[0]) + ", " + std::to_string(b.hi[1]) +
                                 "})";
        const auto expect = [&](const char* operation, const std::function<void()>& call) {
            expect_refusal(call, errc::out_of_range,
                           {std::string("array<double,2>::") + operation, text, "{10, 4}"});
        };
        expect("get(", [&] { s.a.get(b, s.buffer); });
        expect("put(", [&] { s.a.put(b, s.buffer); });
        expect("accumulate(", [&] { s.a.accumulate(b, s.buffer); });
        expect("get_async(", [&] { s.a.get_async(b, s.buffer).wait(); });
        expect("put_async(", [&] { s.a.put_async(b, s.buffer).wait(); });
    }
    EXPECT_THAT(s.buffer, Each(1));
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfBuffersOfTheWrongSizeTellsBothSizes) {
    sevens s;
    const box<2> b{{2, 1}, {8, 3}}; // 12 elements
    for (const std::size_t size : {0U, 11U, 13U}) {
        std::vector<double> wrong(size, 1);
        const std::vector<std::string> words{"[{2, 1}, {8, 3})", "12 elements {6, 2}",
                                             "has " + std::to_string(size)};
        expect_refusal([&] { s.a.get(b, wrong); }, errc::size_mismatch, words);
        expect_refusal([&] { s.a.put(b, wrong); }, errc::size_mismatch, words);
        expect_refusal([&] { s.a.accumulate(b, wrong); }, errc::size_mismatch, words);
        expect_refusal([&] { s.a.get_async(b, wrong).wait(); }, errc::size_mismatch, words);
        expect_refusal([&] { s.a.put_async(b, wrong).wait(); }, errc::size_mismatch, words);
    }
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfViewsOfAnotherShapeTellsBothShapes) {
    sevens s;
    const box<2> b{{2, 1}, {8, 3}};
    const view<double, 2> turned(s.buffer.data(), {2, 6}), flat(s.buffer.data(), {12, 1});

    for (const view<double, 2>& wrong : {turned, flat}) {
        const std::string extents =
            "{" + std::to_string(wrong.extent(0)) + ", " + std::to_string(wrong.extent(1)) + "}";
        expect_refusal([&] { s.a.get(b, wrong); }, errc::size_mismatch, {"{6, 2}", extents});
        expect_refusal([&] { s.a.put(b, wrong); }, errc::size_mismatch, {"{6, 2}", extents});
    }

    EXPECT_THAT(s.buffer, Each(1));
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfListsThatDoNotFitTheirBufferTellsBothSizes) {
    sevens s;
    const std::vector<indices<2>> places{{0, 0}, {9, 3}, {5, 1}};
    std::vector<double> two(2, 1);

    expect_refusal([&] { s.a.gather(places, two); }, errc::size_mismatch,
                   {"array<double,2>::gather", "3 indices", "2 elements"});
    expect_refusal([&] { s.a.scatter(places, two); }, errc::size_mismatch,
                   {"array<double,2>::scatter", "3 indices", "2 elements"});
    expect_refusal([&] { s.a.scatter_add(places, two); }, errc::size_mismatch,
                   {"array<double,2>::scatter_add", "3 indices", "2 elements"});

    EXPECT_THAT(two, Each(1));
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfAnIndexInAListComesBeforeAnythingMoves) {
    sevens s;
    for (const indices<2>& wrong : {indices<2>{10, 0}, indices<2>{0, 4}, indices<2>{-1, 0},
                                    indices<2>{0, smallest}, indices<2>{largest, largest}}) {
        const std::vector<indices<2>> places{{0, 0}, {9, 3}, wrong};
        std::vector<double> values(3, 1);
        const std::string text =
            "{" + std::to_string(wrong[0]) + ", " + std::to_string(wrong[1]) + "}";
        expect_refusal([&] { s.a.gather(places, values); }, errc::out_of_range, {"gather", text});
        expect_refusal([&] { s.a.scatter(places, values); }, errc::out_of_range, {"scatter", text});
        expect_refusal([&] { s.a.scatter_add(places, values); }, errc::out_of_range,
                       {"scatter_add", text});
        EXPECT_THAT(values, Each(1));
    }
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfSingleElementsOutsideNamesTheCallAndTheIndex) {
    sevens s;
    const indices<2> wrong{10, 3};
    double found = 0;
    const auto expect = [&](const char* operation, const std::function<void()>& call) {
        expect_refusal(call, errc::out_of_range,
                       {std::string("array<double,2>::") + operation + "({10, 3})", "{10, 4}"});
    };

    expect("get", [&] { static_cast<void>(s.a.get(wrong)); });
    expect("put", [&] { s.a.put(wrong, 1.0); });
    expect("fetch_add", [&] { s.a.fetch_add(wrong, 1.0); });
    expect("compare_exchange", [&] { s.a.compare_exchange(wrong, found, 1.0); });

    EXPECT_EQ(found, 0);
    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfAnOrderAmongComplexNumbersNamesTheOperation) {
    team everyone(MPI_COMM_WORLD);
    array<std::complex<double>, 1> a(everyone, {8});
    const std::vector<std::complex<double>> ones(8, 1);

    for (const accumulate_op op : {accumulate_op::min, accumulate_op::max})
        expect_refusal(
            [&] {
                a.accumulate({{0}, {8}}, ones, op);
            },
            errc::invalid_argument, {"accumulate", to_string(op)});
    a.accumulate({{0}, {8}}, ones);
    a.fence();

    for (const std::complex<double>& value : a.node())
        EXPECT_EQ(value, std::complex<double>(everyone.size()));
}

TEST(TransferRefusal, OfLocksOfNodesThatDoNotExistTellsWhichThereAre) {
    sevens s;
    const int nodes = s.everyone.nodes();

    for (const int wrong : {-1, nodes, std::numeric_limits<int>::max()})
        expect_refusal([&] { static_cast<void>(s.a.mutex(wrong)); }, errc::out_of_range,
                       {"array<double,2>::mutex(" + std::to_string(wrong) + ")",
                        "0 to " + std::to_string(nodes - 1)});
    for (int node = 0; node < nodes; ++node) {
        s.a.mutex(node).lock();
        s.a.mutex(node).unlock();
    }

    s.expect_untouched_and_usable();
}

TEST(TransferRefusal, OfNothingIsNoneForEmptyBoxesAndLists) {
    sevens s;
    std::vector<double> none;

    s.a.put({{10, 4}, {10, 4}}, none);
    s.a.get({{3, 0}, {3, 4}}, none);
    s.a.accumulate({{0, 2}, {10, 2}}, none);
    s.a.scatter({}, none);
    s.a.get_async({{0, 0}, {0, 0}}, none).wait();

    s.expect_untouched_and_usable();
}

} // namespace
