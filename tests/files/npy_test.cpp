#include <nodespan/npy.hpp>
#include <nodespan/team.hpp>

#include "file_cases.hpp"

#include <complex>
#include <cstdint>

namespace {

using namespace nodespan;
using namespace nodespan::test;
namespace fs = std::filesystem;

static_assert(has_dtype<bool> && has_dtype<char> && has_dtype<std::complex<float>>);
static_assert(!has_dtype<long double> && !has_dtype<std::complex<long double>> &&
              !has_dtype<float*>);

template <class T, int N>
void expect_round_trip(team& everyone, const indices<N>& extents,
                       const array_options& options = {}) {
    const file_folder folder;
    array<T, N> written(everyone, extents, options), read(everyone, extents, options);
    fill_elements(written);
    for (const byte_order bytes : {byte_order::little, byte_order::big})
        for (const index_order order : {index_order::row_major, index_order::column_major}) {
            for_each_index(read.rank_box(), [&](const indices<N>& at) {
                std::apply([&](auto... i) { read(i...) = T{}; }, at);
            });

            save_npy(written, folder / "a.npy", {bytes, order, {}});
            load_npy(read, folder / "a.npy");
            array<T, N> opened = open_npy<T, N>(everyone, folder / "a.npy");

            expect_elements(read);
            expect_elements(opened);
            EXPECT_EQ(opened.extents(), extents);
            EXPECT_FALSE(fs::exists(folder / "a.npy.part"));
            const npy_contents found = npy_info(folder / "a.npy");
            EXPECT_EQ(found.type, dtype_of<T>());
            EXPECT_EQ(found.order, order);
            EXPECT_EQ(found.bytes, sizeof(T) == 1 ? byte_order::little : bytes);
            everyone.fence();
        }
}

TEST(Npy, BringsBackEveryElementTypeInEveryOrder) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<bool, 2>(everyone, {11, 3});
    expect_round_trip<std::int8_t, 2>(everyone, {11, 3});
    expect_round_trip<std::uint8_t, 2>(everyone, {11, 3});
    expect_round_trip<std::int16_t, 2>(everyone, {11, 3});
    expect_round_trip<std::uint16_t, 2>(everyone, {11, 3});
    expect_round_trip<std::int32_t, 2>(everyone, {11, 3});
    expect_round_trip<std::uint32_t, 2>(everyone, {11, 3});
    expect_round_trip<std::int64_t, 2>(everyone, {11, 3});
    expect_round_trip<std::uint64_t, 2>(everyone, {11, 3});
    expect_round_trip<float, 2>(everyone, {11, 3});
    expect_round_trip<double, 2>(everyone, {11, 3});
    expect_round_trip<std::complex<float>, 2>(everyone, {11, 3});
    expect_round_trip<std::complex<double>, 2>(everyone, {11, 3});
}

TEST(Npy, BringsBackOneToSixDimensions) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<double, 1>(everyone, {101});
    expect_round_trip<double, 3>(everyone, {9, 4, 5});
    expect_round_trip<double, 4>(everyone, {5, 4, 3, 2});
    expect_round_trip<double, 6>(everyone, {8, 2, 1, 3, 2, 2});
}

TEST(Npy, BringsBackBoxesThatAreCutInEveryDimensionAndHaveGhosts) {
    team everyone(MPI_COMM_WORLD);
    array_options options;
    options.distribution.node_grid = {1, everyone.nodes(), 1};
    options.distribution.rank_grid = {1, 1, 0};
    options.ghosts.width = {1, 0, 1};

    expect_round_trip<int, 3>(everyone, {5, 9, 10}, options);
}

TEST(Npy, BringsBackEmptyArraysAndFewerRowsThanRanks) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<double, 1>(everyone, {0});
    expect_round_trip<double, 2>(everyone, {1, 5});
    expect_round_trip<double, 2>(everyone, {0, 5});
    expect_round_trip<double, 3>(everyone, {5, 0, 2});
}

TEST(Npy, BringsBackMoreThanTheBufferHolds) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<double, 2>(everyone, {1201, 1003});
}

TEST(Npy, TakesAnyByteButZeroForTrue) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<bool, 1> flags(everyone, {4});
    save_npy(flags, folder / "flags.npy");
    std::string text = read_text(folder / "flags.npy");
    text.replace(text.size() - 4, 4, std::string("\0\1\2\xFF", 4));
    everyone.fence();
    write_text(folder / "flags.npy", text);

    load_npy(flags, folder / "flags.npy");

    const auto mine = flags.local();
    for (index_t i = 0; i < mine.extent(0); ++i) {
        EXPECT_EQ(*reinterpret_cast<const unsigned char*>(&mine(i)),
                  flags.rank_box().lo[0] + i > 0 ? 1 : 0);
    }
}

TEST(Npy, TellsHowFarItIs) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {index_t{1} << 20});
    index_t last = 0, of = 0, calls = 0;
    npy_options options;
    options.progress = [&](index_t done, index_t all) {
        EXPECT_GT(done, last);
        last = done;
        of = all;
        ++calls;
    };

    save_npy(a, folder / "a.npy", options);

    EXPECT_EQ(last, of);
    EXPECT_EQ(of, a.rank_box().size() * 8);
    EXPECT_GE(calls, of >> 22);
}

TEST(Npy, RefusesFilesThatDoNotFit) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    array<double, 1> flat(everyone, {18});
    array<double, 2> other(everyone, {3, 6});
    array<float, 2> shorter(everyone, {6, 3});
    fill_elements(a);
    save_npy(a, folder / "a.npy");
    const std::string text = read_text(folder / "a.npy");
    everyone.fence();

    const fs::path file = folder / "a.npy";
    expect_same_refusal([&] { load_npy(shorter, file); }, errc::io,
                        {"a.npy", "holds float64, the array float32"});
    expect_same_refusal([&] { load_npy(flat, file); }, errc::io, {"2 dimensions, the array 1"});
    expect_same_refusal([&] { load_npy(other, file); }, errc::io, {"{6, 3}, the array {3, 6}"});
    expect_same_refusal([&] { static_cast<void>(open_npy<int, 2>(everyone, file)); }, errc::io,
                        {"int32"});
    expect_same_refusal([&] { static_cast<void>(open_npy<double, 3>(everyone, file)); }, errc::io,
                        {"dimensions"});
    expect_same_refusal([&] { load_npy(a, folder / "none.npy"); }, errc::io,
                        {"none.npy", "No such file"});
    expect_same_refusal([&] { load_npy(a, folder / "."); }, errc::io, {"is no file"});
    write_text(file, text.substr(0, text.size() - 1));
    expect_same_refusal([&] { load_npy(a, file); }, errc::io, {"a.npy", "truncated"});
    write_text(file, text.substr(0, 30));
    expect_same_refusal([&] { load_npy(a, file); }, errc::io, {"truncated"});
    write_text(file, "");
    expect_same_refusal([&] { load_npy(a, file); }, errc::io, {"empty"});
    write_text(file, "\x89HDF\r\n\x1a\n something else");
    expect_same_refusal([&] { load_npy(a, file); }, errc::io, {"no .npy file"});

    expect_elements(a);
}

TEST(Npy, LeavesTheOldFileWhereTheNewOneCannotBeWritten) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> old(everyone, {6, 3}), newer(everyone, {600, 30});
    fill_elements(old);
    save_npy(old, folder / "a.npy");

    {
        const file_size_limit disk(1000);
        expect_same_refusal([&] { save_npy(newer, folder / "a.npy"); }, errc::io,
                            {"a.npy", "File too large"});
    }
    expect_same_refusal([&] { save_npy(newer, folder / "no/such/a.npy"); }, errc::io,
                        {"no/such/a.npy", "No such file"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "a.npy.part"));
    load_npy(old, folder / "a.npy");
    expect_elements(old);
}

TEST(Npy, LeavesTheOldFileWhereOneRankCannotWrite) {
    if (world_size() == 1) GTEST_SKIP() << "needs two ranks";
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> old(everyone, {6, 3}), newer(everyone, {6000, 30});
    fill_elements(old);
    save_npy(old, folder / "a.npy");

    {
        const file_size_limit disk(world_rank() == world_size() - 1 ? 1000 : RLIM_INFINITY);
        expect_same_refusal([&] { save_npy(newer, folder / "a.npy"); }, errc::io,
                            {"cannot write", "a.npy.part", "File too large"});
    }

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "a.npy.part"));
    load_npy(old, folder / "a.npy");
    expect_elements(old);
}

TEST(Npy, SaysOnAllRanksThatArgumentsDiffer) {
    if (world_size() == 1) GTEST_SKIP() << "needs two ranks";
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {6});

    expect_same_refusal([&] { save_npy(a, folder / (world_rank() == 1 ? "b.npy" : "a.npy")); },
                        errc::mismatched_arguments, {"a.npy", "b.npy"});
}

TEST(Npy, SavesWhereALinkLeads) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill_elements(a);

    expect_saving_follows_links(folder.path(), [&](const fs::path& file) { save_npy(a, file); });
}

} // namespace
