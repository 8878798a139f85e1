// Transfers in such numbers and sizes that the library gathers them or cuts them.

#include <nodespan/array.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <array>
#include <mpi.h>
#include <mutex>
#include <span>
#include <vector>

namespace {

// Whether all that was handed to MPI's one-sided calls lay in one piece in this rank's memory.
bool is_in_one_piece = true;

void note(MPI_Datatype origin) {
    int numbers = 0, places = 0, types = 0, made_by = MPI_COMBINER_NAMED;
    MPI_Type_get_envelope(origin, &numbers, &places, &types, &made_by);
    is_in_one_piece = is_in_one_piece && made_by == MPI_COMBINER_NAMED;
}

} // namespace

// Stand before MPI's own.
int MPI_Put(const void* from, int count, MPI_Datatype type, int to, MPI_Aint at, int to_count,
            MPI_Datatype to_type, MPI_Win window) {
    note(type);
    return PMPI_Put(from, count, type, to, at, to_count, to_type, window);
}
int MPI_Rput(const void* from, int count, MPI_Datatype type, int to, MPI_Aint at, int to_count,
             MPI_Datatype to_type, MPI_Win window, MPI_Request* request) {
    note(type);
    return PMPI_Rput(from, count, type, to, at, to_count, to_type, window, request);
}
int MPI_Get(void* into, int count, MPI_Datatype type, int from, MPI_Aint at, int from_count,
            MPI_Datatype from_type, MPI_Win window) {
    note(type);
    return PMPI_Get(into, count, type, from, at, from_count, from_type, window);
}
int MPI_Rget(void* into, int count, MPI_Datatype type, int from, MPI_Aint at, int from_count,
             MPI_Datatype from_type, MPI_Win window, MPI_Request* request) {
    note(type);
    return PMPI_Rget(into, count, type, from, at, from_count, from_type, window, request);
}
int MPI_Accumulate(const void* from, int count, MPI_Datatype type, int to, MPI_Aint at,
                   int to_count, MPI_Datatype to_type, MPI_Op op, MPI_Win window) {
    note(type);
    return PMPI_Accumulate(from, count, type, to, at, to_count, to_type, op, window);
}

namespace {

using nodespan::array;
using nodespan::array_options;
using nodespan::box;
using nodespan::index_t;
using nodespan::team;

TEST(ArrayTraffic, ThousandsOfSmallPutsArriveAndTheirBufferIsFreeAtOnce) {
    team everyone(MPI_COMM_WORLD);
    const index_t ranks = everyone.size(), me = everyone.rank();
    const index_t each = 10'000 / ranks; // together more than are kept back
    array<double, 2> a(everyone, {ranks * each, ranks});

    for (index_t i = 0; i < each; ++i)
        for (index_t to = 0; to < ranks; ++to) a.put({to * each + i, me}, double(me * each + i));
    std::array<double, 1> one{};
    for (index_t i = 0; i < each; i += 7)
        for (index_t to = 0; to < ranks; ++to) {
            one[0] = -double(me * each + i);
            a.put({{to * each + i, me}, {to * each + i + 1, me + 1}}, one);
        }
    one[0] = 0;
    a.fence();

    const auto mine = a.local();
    for (index_t i = 0; i < each; ++i)
        for (index_t from = 0; from < ranks; ++from)
            ASSERT_EQ(mine(i, from), double(from * each + i) * (i % 7 == 0 ? -1 : 1));
}

TEST(ArrayTraffic, TheLastOfManyPutsToOneElementStays) {
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {everyone.size(), everyone.size()});
    const index_t me = everyone.rank();

    for (int i = 0; i < 50; ++i)
        for (index_t to = 0; to < everyone.size(); ++to) a.put({to, me}, i);
    const index_t last = everyone.size() - 1;
    EXPECT_EQ(a.get({last, me}), 49);
    a.fence();

    for (const int value : a.local().span()) EXPECT_EQ(value, 49);
}

TEST(ArrayTraffic, SmallPutsUnderALockAreThereForTheNextHolder) {
    team everyone(MPI_COMM_WORLD);
    array<index_t, 1> a(everyone, {2 * everyone.size()});
    const int last_node = everyone.nodes() - 1;
    const index_t at = a.node_box_of(last_node).lo[0];

    for (int i = 0; i < 20; ++i) {
        const std::scoped_lock guard(a.mutex(last_node));
        const index_t value = a.get({at});
        EXPECT_EQ(a.get({at + 1}), -value);
        a.put({at}, value + 1);
        a.put({at + 1}, -value - 1);
    }
    a.fence();

    EXPECT_EQ(a.get({at}), 20 * everyone.size());
}

TEST(ArrayTraffic, StridedAndDensePatchesOfEverySizeComeBackWhole) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 600, columns = 700;
    array<double, 2> a(everyone, {rows, columns});
    const auto mine = a.local();
    const index_t first = a.rank_box().lo[0];
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < columns; ++j) mine(i, j) = double((first + i) * columns + j);
    a.fence();

    for (const box<2>& part :
         {box<2>{{0, 0}, {600, 700}}, box<2>{{1, 3}, {599, 690}}, box<2>{{0, 699}, {600, 700}},
          box<2>{{299, 0}, {301, 700}}, box<2>{{5, 16}, {600, 32}}, box<2>{{599, 1}, {600, 2}}}) {
        const index_t width = part.hi[1] - part.lo[1];
        std::vector<double> out(static_cast<std::size_t>(part.size()), -1);
        a.get(part, out);

        for (index_t i = part.lo[0]; i < part.hi[0]; ++i)
            for (index_t j = part.lo[1]; j < part.hi[1]; ++j)
                ASSERT_EQ(out[static_cast<std::size_t>((i - part.lo[0]) * width + j - part.lo[1])],
                          double(i * columns + j));
    }
    a.fence();
}

TEST(ArrayTraffic, PatchesThatAreTurnedOverReachMpiInOnePieceAndComeBackWhole) {
    team everyone(MPI_COMM_WORLD);
    const index_t rows = 301, columns = 250, first = (everyone.rank() + 1) % everyone.size() * rows;
    array<double, 2> a(everyone, {rows * everyone.size(), columns + 3});
    const box<2> patch{{first, 1}, {first + rows, 1 + columns}};
    std::vector<double> memory(static_cast<std::size_t>(patch.size())), back(memory.size());
    const std::array<index_t, 2> steps{1, rows}; // the first index runs fastest
    const nodespan::view<double, 2, nodespan::column_major> values(memory.data(), {rows, columns},
                                                                   steps),
        found(back.data(), {rows, columns}, steps);
    for (std::size_t k = 0; k < memory.size(); ++k)
        memory[k] = double(everyone.rank() + 1) + 0.001 * double(k);
    const auto read_back = [&](const auto& get) {
        back.assign(back.size(), -1);
        get();
        return back == memory;
    };
    is_in_one_piece = true;

    a.put(patch, values);
    EXPECT_TRUE(read_back([&] { a.get(patch, found); }));
    a.fence();
    for (double& value : a.local_with_ghosts().span()) value = 0;
    a.fence();
    a.put_async(patch, values).wait();
    EXPECT_TRUE(read_back([&] { a.get_async(patch, found).wait(); }));
    a.fence();
    for (double& value : a.local_with_ghosts().span()) value = 0;
    a.fence();
    a.accumulate(patch, values);
    EXPECT_TRUE(read_back([&] {
        auto arrival = a.get_async(patch, found);
        while (!arrival.test()) {}
    }));
    a.fence();

    EXPECT_TRUE(is_in_one_piece);
}

TEST(ArrayTraffic, LargeElementsAndLongRowsComeBackWhole) {
    struct large {
        std::array<int, 20000> values;
    };
    team everyone(MPI_COMM_WORLD);
    array<large, 1> a(everyone, {3 * everyone.size()});
    array<int, 2> long_rows(everyone, {everyone.size(), 3'000'000});
    for (large& l : a.local()) l.values.fill(everyone.rank());
    const auto row = long_rows.local();
    for (index_t j = 0; j < row.extent(1); ++j) row(0, j) = everyone.rank() * 7 + int(j);
    a.fence();

    const int last = everyone.size() - 1;
    std::vector<large> out(static_cast<std::size_t>(a.size()));
    a.get({{0}, {a.size()}}, out);
    std::vector<int> values(2'999'000);
    long_rows.get({{last, 1000}, {last + 1, 3'000'000}}, values);

    for (std::size_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i].values.back(), static_cast<int>(i / 3));
    for (int j = 0; j < 2'999'000; ++j)
        ASSERT_EQ(values[static_cast<std::size_t>(j)], last * 7 + j + 1000);
    a.fence();
}

} // namespace
