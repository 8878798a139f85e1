// One patch of more bytes than 31 bits count, from and to another node.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::box;
using nodespan::errc;
using nodespan::index_t;
using nodespan::strided;
using nodespan::team;
using nodespan::view;

constexpr index_t columns = 4096 + 3; // of which the first
constexpr index_t rows =
    ((index_t{1} << 31) + 12'345) / 4096 + 1; // 4096 are moved: over 2^31 bytes

std::uint8_t value_at(index_t row, index_t column, int round) {
    return static_cast<std::uint8_t>(row * 31 + (row >> 8) * 17 + column * 7 + round);
}

// All elements lie on node 1.
class large {
public:
    explicit large(team& everyone) {
        nodespan::array_options options;
        options.distribution.cuts = {{0, 0, rows}, {}};
        options.zeroed = false;
        refused_ = caught([&] {
            a_.emplace(everyone, nodespan::indices<2>{rows, columns}, options);
        });
    }
    const caught_error& refused() const { return refused_; }
    array<std::uint8_t, 2>& elements() { return *a_; }

private:
    std::optional<array<std::uint8_t, 2>> a_;
    caught_error refused_;
};

// Memory of `bytes`, or null: nobody's test fails for want of it.
std::unique_ptr<std::uint8_t[]> memory_of(index_t bytes) {
    return std::unique_ptr<std::uint8_t[]>(new (std::nothrow)
                                               std::uint8_t[static_cast<std::size_t>(bytes)]);
}

template <class View>
void fill(const View& elements, int round) {
    for (index_t i = 0; i < elements.extent(0); ++i)
        for (index_t j = 0; j < elements.extent(1); ++j) elements(i, j) = value_at(i, j, round);
}

// Some hundred thousand samples, and every byte by a sum.
template <class View>
void expect_filled(const View& elements, int round) {
    std::uint64_t sum = 0, expected = 0;
    for (index_t i = 0; i < elements.extent(0); ++i)
        for (index_t j = 0; j < elements.extent(1); ++j) {
            sum += elements(i, j);
            expected += value_at(i, j, round);
        }
    EXPECT_EQ(sum, expected);
    for (index_t i = 0; i < elements.extent(0); i += 97)
        for (index_t j = i % 13; j < elements.extent(1); j += 193)
            ASSERT_EQ(elements(i, j), value_at(i, j, round)) << i << ", " << j;
    const index_t last = elements.extent(0) - 1;
    for (index_t j = 0; j < elements.extent(1); ++j)
        ASSERT_EQ(elements(last, j), value_at(last, j, round)) << j;
}

// Node 1 fills what node 0 gets; node 0 puts what node 1 compares.
void expect_moved(index_t width, index_t gap) {
    team everyone(MPI_COMM_WORLD, {1});
    large made(everyone);
    if (made.refused().code == errc::no_capacity) GTEST_SKIP() << made.refused().text;
    ASSERT_EQ(made.refused().text, "");
    array<std::uint8_t, 2>& a = made.elements();
    const bool is_mover = everyone.node() == 0;
    const std::unique_ptr<std::uint8_t[]> memory =
        is_mover ? memory_of(rows * (width + gap)) : nullptr;
    if (!on_all_ranks(!is_mover || memory != nullptr)) GTEST_SKIP() << "no memory for a buffer";
    const box<2> patch{{0, 0}, {rows, width}};
    const view<std::uint8_t, 2> buffer(memory.get(), {rows, width}, {width + gap, 1});

    if (!is_mover) fill(a.node().patch(patch), 0);
    a.fence();
    if (is_mover) {
        a.get(patch, buffer);
        expect_filled(buffer, 0);
        fill(buffer, 1);
        a.put(patch, buffer);
    }
    a.fence();
    if (!is_mover) expect_filled(a.node().patch(patch), 1);
    a.fence();
}

TEST(TransferLarge, MovesDensePatchesOfMoreBytesThan31BitsCount) {
    expect_moved(columns, 0);
}

TEST(TransferLarge, MovesStridedPatchesOfMoreBytesThan31BitsCount) {
    expect_moved(columns - 3, 5);
}

// 32 KiB each; a list of them has more bytes than one message can.
struct large_element {
    std::int64_t numbers[4096];
};

TEST(TransferLarge, GathersElementsOfMoreBytesThan31BitsCount) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array_options options;
    options.distribution.cuts = {{0, 0, 5}};
    array<large_element, 1> a(everyone, {5}, options);
    if (everyone.rank() == 1)
        for (index_t i = 0; i < 5; ++i) a(i).numbers[4095] = 100 + i;
    a.fence();
    const std::vector<nodespan::indices<1>> places = [] {
        std::vector<nodespan::indices<1>> result((1 << 16) + 3);
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = {static_cast<index_t>(i * 7 % 5)};
        return result;
    }();
    const bool is_mover = everyone.rank() == 0;
    const std::unique_ptr<large_element[]> to(
        is_mover ? new (std::nothrow) large_element[places.size()] : nullptr);
    if (!on_all_ranks(!is_mover || to != nullptr)) GTEST_SKIP() << "no memory for a buffer";

    if (is_mover) {
        a.gather(places, std::span(to.get(), places.size()));
        for (std::size_t i = 0; i < places.size(); ++i)
            ASSERT_EQ(to[i].numbers[4095], 100 + places[i][0]) << i;
    }
    a.fence();
}

} // namespace
