// Boxes of arrays and of datasets, however the array is cut over nodes.

#include "hdf5_cases.hpp"

#include <nodespan/algorithm.hpp>

namespace {

using namespace nodespan;
using namespace nodespan::test;

// What an array should hold: `inside` of a box what value_at has, shifted; elsewhere -1.
template <class T, int N>
index_t count_wrong(const array<T, N>& a, const box<N>& inside, const indices<N>& shift) {
    index_t wrong = 0;
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        indices<N> source = at;
        for (std::size_t d = 0; d < N; ++d) source[d] += shift[d];
        const T expected = inside.contains(at) ? value_at<T, N>(source) : T(-1);
        std::apply([&](auto... i) { wrong += a(i...) != expected; }, at);
    });
    return wrong;
}

template <class T, int N>
void fill_with_nothing(array<T, N>& a) {
    for_each_index(a.rank_box(), [&](const indices<N>& at) {
        std::apply([&](auto... i) { a(i...) = T(-1); }, at);
    });
    a.fence();
}

array_options cut_in_columns(const team& everyone) {
    array_options options;
    options.distribution.node_grid = {1, everyone.nodes()};
    options.distribution.rank_grid = {1, 0};
    return options;
}

// In datasets that are one piece, and in chunks.
TEST(Hdf5Boxes, BlockCyclicArraysComeAndGoAndSoDoTheirBoxes) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    save_options chunked;
    chunked.chunk = {4, 3};
    const auto number = [](const indices<2>& at) { return static_cast<int>(at[0] * 50 + at[1]); };
    const auto expect_numbers = [&](array<int, 2>& field, const box<2>& inside) {
        index_t wrong = 0;
        for_each(field, [&](const indices<2>& at, int& x) {
            wrong += x == (inside.contains(at) ? number(at) : -1) ? 0 : 1;
            x = -1;
        });
        EXPECT_EQ(wrong, 0);
        field.fence();
    };
    const box<2> whole{{0, 0}, {19, 13}}, part{{2, 3}, {17, 12}};
    for (const save_options& options : {save_options{}, chunked})
        for (const std::vector<index_t>& block :
             std::vector<std::vector<index_t>>{{1, 1}, {3, 2}, {0, 5}, {50, 50}}) {
            array<int, 2> written(everyone, {19, 13}, {.distribution = {.block = block}});
            array<int, 2> read(everyone, {19, 13}, {.distribution = {.block = {2, 4}}});
            for_each(written, [&](const indices<2>& at, int& x) { x = number(at); });
            for_each(read, [](int& x) { x = -1; });
            read.fence();

            save_hdf5(written, folder / "field.h5", "field", options);
            load_hdf5(read, folder / "field.h5", "field");
            expect_numbers(read, whole);
            load_hdf5(read, part, folder / "field.h5", "field", part);
            expect_numbers(read, part);
            save_hdf5(written, part, folder / "field.h5", "part", options);
            load_hdf5(read, part, folder / "field.h5", "part");
            expect_numbers(read, part);
        }
}

TEST(Hdf5Boxes, ABoxOfAnArrayIsAWholeDataset) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<int, 2> written(everyone, {9, 8}), read(everyone, {12, 6});
    fill(written);
    fill_with_nothing(read);

    save_hdf5(written, {{2, 3}, {8, 7}}, folder / "field.h5", "part");
    load_hdf5(read, {{5, 1}, {11, 5}}, folder / "field.h5", "part");

    EXPECT_EQ(count_wrong(read, {{5, 1}, {11, 5}}, {-3, 2}), 0);
}

TEST(Hdf5Boxes, ABoxOfADatasetIsRead) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {9, 8}), some(everyone, {12, 6}), small(everyone, {3, 2});
    fill(written);
    fill_with_nothing(some);
    save_hdf5(written, folder / "field.h5", "field");

    load_hdf5(some, {{1, 0}, {4, 5}}, folder / "field.h5", "field", {{6, 2}, {9, 7}});
    load_hdf5(small, folder / "field.h5", "field", {{4, 5}, {7, 7}});

    EXPECT_EQ(count_wrong(some, {{1, 0}, {4, 5}}, {5, 2}), 0);
    EXPECT_EQ(count_wrong(small, {{0, 0}, {3, 2}}, {4, 5}), 0);
}

TEST(Hdf5Boxes, ABoxOfAPackedDatasetIsRead) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {9, 8}), some(everyone, {12, 6});
    fill(written);
    fill_with_nothing(some);
    save_options packed;
    packed.deflate = 1;
    packed.chunk = {4, 3};
    save_hdf5(written, folder / "field.h5", "field", packed);

    load_hdf5(some, {{1, 0}, {4, 5}}, folder / "field.h5", "field", {{6, 2}, {9, 7}});

    EXPECT_EQ(count_wrong(some, {{1, 0}, {4, 5}}, {5, 2}), 0);
}

TEST(Hdf5Boxes, ColumnsOverNodesAreWrittenAndReadInLongStretches) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{600, 250};
    array<std::int32_t, 2> columns(everyone, extents, cut_in_columns(everyone));
    array<std::int32_t, 2> rows(everyone, extents),
        again(everyone, extents, cut_in_columns(everyone));
    fill(columns);

    save_hdf5(columns, folder / "field.h5", "field");
    load_hdf5(rows, folder / "field.h5", "field");
    load_hdf5(again, folder / "field.h5", "field");

    expect_filled(rows);
    expect_filled(again);
}

TEST(Hdf5Boxes, LongRowsOverNodesAreWrittenFromWhereTheyLie) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{3, 100'000};
    array<double, 2> columns(everyone, extents, cut_in_columns(everyone)), rows(everyone, extents);
    fill(columns);

    save_hdf5(columns, {{0, 0}, {3, 100'000}}, folder / "field.h5", "field");
    load_hdf5(rows, folder / "field.h5", "field");

    expect_filled(rows);
}

TEST(Hdf5Boxes, SeveralMebibytesAreSharedByTheRanksOfANode) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {2000, 1031}), read(everyone, {2000, 1031});
    fill(written);

    save_hdf5(written, folder / "field.h5", "field");
    load_hdf5(read, folder / "field.h5", "field");

    expect_filled(read);
}

TEST(Hdf5Boxes, AnArrayIsMadeFromADataset) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<float, 3> written(everyone, {5, 4, 7});
    fill(written);
    save_hdf5(written, folder / "field.h5", "a/b");

    const auto read = nodespan::open_hdf5<float, 3>(everyone, folder / "field.h5", "a/b");

    EXPECT_EQ(read.extents(), written.extents());
    expect_filled(read);
    const auto open_as_double = [&] {
        static_cast<void>(nodespan::open_hdf5<double, 3>(everyone, folder / "field.h5", "a/b"));
    };
    const auto open_flat = [&] {
        static_cast<void>(nodespan::open_hdf5<float, 1>(everyone, folder / "field.h5", "a/b"));
    };
    expect_refused(open_as_double, errc::io, {"holds float32, the array float64"});
    expect_refused(open_flat, errc::io, {"3 dimensions, the array 1"});
}

TEST(Hdf5Boxes, EmptyBoxesAreDatasetsToo) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill(a);

    save_hdf5(a, {{2, 1}, {2, 3}}, folder / "field.h5", "none");
    load_hdf5(a, {{4, 0}, {4, 2}}, folder / "field.h5", "none");

    expect_filled(a);
    EXPECT_EQ(describe_dataset(everyone, folder / "field.h5", "none").extents,
              (std::vector<index_t>{0, 2}));
}

TEST(Hdf5Boxes, BoxesThatDoNotFitAreRefusedOnAllRanks) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill(a);
    const fs::path file = folder / "field.h5";
    save_hdf5(a, file, "field");

    expect_refused(
        [&] {
            save_hdf5(a, {{0, 0}, {7, 3}}, file, "x");
        },
        errc::out_of_range,
        {"save_hdf5(float64{6, 3}, {{0, 0}, {7, 3}}", "outside extents {6, 3}"});
    expect_refused(
        [&] {
            load_hdf5(a, {{0, 0}, {5, 3}}, file, "field");
        },
        errc::io, {"the dataset has extents {6, 3}, the array's box {5, 3}"});
    expect_refused(
        [&] {
            load_hdf5(a, file, "field", {{0, 0}, {5, 3}});
        },
        errc::io, {"the dataset's box has extents {5, 3}, the array {6, 3}"});
    expect_refused(
        [&] {
            load_hdf5(a, file, "field", {{1, 0}, {7, 3}});
        },
        errc::io, {"the dataset has extents {6, 3}; {{1, 0}, {7, 3}} is outside"});
    expect_filled(a);
}

} // namespace
