#include "ghost_cases.hpp"
#include "hdf5_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace nodespan;
using namespace nodespan::test;

static_assert(storable<char> && storable<std::uint64_t> && storable<std::complex<float>>);
static_assert(!storable<bool> && !storable<long double> && !storable<std::complex<long double>>);
static_assert(!storable<float*> && !storable<box<2>> && storable<indices<2>>);

template <class T, int N>
void expect_round_trip(team& everyone, const indices<N>& extents,
                       const array_options& options = {}) {
    const shared_folder folder;
    array<T, N> written(everyone, extents, options), read(everyone, extents);
    fill(written);

    save_hdf5(written, folder / "field.h5", "field");
    load_hdf5(read, folder / "field.h5", "field");

    expect_filled(read);
    EXPECT_FALSE(fs::exists(folder / "field.h5.part"));
}

TEST(Hdf5, BringsBackEveryElementType) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<std::int8_t, 1>(everyone, {11});
    expect_round_trip<std::uint8_t, 1>(everyone, {11});
    expect_round_trip<std::int16_t, 1>(everyone, {11});
    expect_round_trip<std::uint16_t, 1>(everyone, {11});
    expect_round_trip<std::int32_t, 1>(everyone, {11});
    expect_round_trip<std::uint32_t, 1>(everyone, {11});
    expect_round_trip<std::int64_t, 1>(everyone, {11});
    expect_round_trip<std::uint64_t, 1>(everyone, {11});
    expect_round_trip<float, 1>(everyone, {11});
    expect_round_trip<double, 1>(everyone, {11});
    expect_round_trip<std::complex<float>, 1>(everyone, {11});
    expect_round_trip<std::complex<double>, 1>(everyone, {11});
}

TEST(Hdf5, BringsBackOneToSixDimensions) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<double, 1>(everyone, {101});
    expect_round_trip<double, 2>(everyone, {23, 7});
    expect_round_trip<double, 3>(everyone, {9, 4, 5});
    expect_round_trip<double, 6>(everyone, {8, 2, 1, 3, 2, 2});
}

TEST(Hdf5, BringsBackBoxesThatAreCutInEveryDimension) {
    team everyone(MPI_COMM_WORLD);
    array_options options;
    options.distribution.node_grid = {1, everyone.nodes(), 1};
    options.distribution.rank_grid = {1, 1, 0};

    expect_round_trip<int, 3>(everyone, {5, 9, 10}, options);
}

TEST(Hdf5, BringsBackArraysWithFewerRowsThanRanks) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<double, 2>(everyone, {1, 5});
    expect_round_trip<double, 2>(everyone, {0, 5});
    expect_round_trip<double, 2>(everyone, {5, 0});
}

TEST(Hdf5, BringsBackElementsAndLeavesGhostsAlone) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{3 * everyone.size(), 5};
    array_options options;
    options.ghosts = {{2, 1}, {true, false}};
    ghost_check<int, 2> written(everyone, extents, options), read(everyone, extents, options);
    written.prepare(1);
    read.prepare(2);

    save_hdf5(written.elements, folder / "field.h5", "field");
    load_hdf5(read.elements, folder / "field.h5", "field");

    EXPECT_EQ(written.count_changed(1, 1), 0);
    EXPECT_EQ(read.count_changed(2, 1), 0);
}

TEST(Hdf5, IsReadByAnotherNumberOfRanksInAnotherOrder) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<float, 2> written(everyone, {17, 3});
    fill(written);
    save_hdf5(written, folder / "field.h5", "field");

    const scoped_comm reversed(world_rank() % 2, -world_rank());
    team some(reversed.get());
    array<float, 2> read(some, {17, 3});
    load_hdf5(read, folder / "field.h5", "field");

    expect_filled(read);
}

TEST(Hdf5, SavesWhatANodePeerWroteBeforeWithoutAFenceInBetween) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<int, 2> written(everyone, {everyone.size(), 4}), read(everyone, {everyone.size(), 4});
    const int first = everyone.placement().first_rank(everyone.node());
    const int peer = first + (everyone.node_rank() + 1) % everyone.node_size();
    for (int j = 0; j < 4; ++j) written(peer, j) = 10 * peer + j;

    save_hdf5(written, folder / "field.h5", "field");
    load_hdf5(read, folder / "field.h5", "field");

    for (int j = 0; j < 4; ++j) EXPECT_EQ(read(peer, j), 10 * peer + j);
}

TEST(Hdf5, MakesTheGroupsADatasetIsIn) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> written(everyone, {12}), read(everyone, {12});
    fill(written);

    save_hdf5(written, folder / "field.h5", "run/7/temperature");
    load_hdf5(read, folder / "field.h5", "/run/7/temperature");

    expect_filled(read);
}

TEST(Hdf5, SaysOnAllRanksThatAFileIsMissing) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {4, 3});

    expect_refused(
        [&] { load_hdf5(a, folder / "none.h5", "field"); }, errc::io,
        {"load_hdf5(float64{4, 3}, \"", "none.h5", "\"field\"", "No such file", "[rank 0 of"});
}

TEST(Hdf5, SaysOnAllRanksThatAFileIsNoHdf5) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {4, 3});
    if (world_rank() == 0) std::ofstream(folder / "text.h5") << "nothing of the kind";

    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { load_hdf5(a, folder / "text.h5", "field"); }, errc::io, {"no HDF5 file"});
    expect_refused([&] { load_hdf5(a, folder.path(), "field"); }, errc::io, {"load"});
}

TEST(Hdf5, SaysOnAllRanksThatAFileIsTruncated) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {400, 30});
    save_hdf5(a, folder / "field.h5", "field");
    if (world_rank() == 0) fs::resize_file(folder / "field.h5", 5000);

    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { load_hdf5(a, folder / "field.h5", "field"); }, errc::io,
                   {"truncated file"});
}

TEST(Hdf5, SaysOnAllRanksWhatDoesNotFitTheArray) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {6, 3});
    fill(written);
    save_hdf5(written, folder / "field.h5", "group/field");
    array<double, 2> longer(everyone, {7, 3});
    array<double, 1> flat(everyone, {18});
    array<float, 2> shorter(everyone, {6, 3});
    array<std::int64_t, 2> whole(everyone, {6, 3});
    array<std::complex<double>, 2> complex(everyone, {6, 3});
    const fs::path file = folder / "field.h5";

    expect_refused([&] { load_hdf5(written, file, "temperature"); }, errc::io,
                   {"temperature", "doesn't exist"});
    expect_refused([&] { load_hdf5(written, file, "group"); }, errc::io, {"not a dataset"});
    expect_refused([&] { load_hdf5(longer, file, "group/field"); }, errc::io,
                   {"extents {6, 3}, the array {7, 3}"});
    expect_refused([&] { load_hdf5(flat, file, "group/field"); }, errc::io,
                   {"2 dimensions, the array 1"});
    expect_refused([&] { load_hdf5(shorter, file, "group/field"); }, errc::io,
                   {"holds float64, the array float32"});
    expect_refused([&] { load_hdf5(whole, file, "group/field"); }, errc::io,
                   {"holds float64, the array int64"});
    expect_refused([&] { load_hdf5(complex, file, "group/field"); }, errc::io,
                   {"holds float64, the array complex128"});
    expect_filled(written);
}

TEST(Hdf5, LeavesTheOldFileWhereTheNewOneCannotBeMade) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> old(everyone, {6, 3}), newer(everyone, {6, 3});
    fill(old);
    save_hdf5(old, folder / "field.h5", "field");
    // Root writes into any folder, but nobody into a directory where the .part file would be.
    if (world_rank() == 0) fs::create_directories(folder / "field.h5.part/full");
    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { save_hdf5(newer, folder / "field.h5", "field"); }, errc::io,
                   {"field.h5", "Is a directory"});
    expect_refused([&] { save_hdf5(newer, folder / "no/such/folder.h5", "field"); }, errc::io,
                   {"no/such/folder.h5", "No such file"});

    load_hdf5(newer, folder / "field.h5", "field");
    expect_filled(newer);
}

TEST(Hdf5, RefusesAFolderItMayNotWriteInto) {
    if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    if (world_rank() == 0) chmod(folder.path().c_str(), 0500);
    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { save_hdf5(a, folder / "field.h5", "field"); }, errc::io,
                   {"Permission denied"});

    if (world_rank() == 0) chmod(folder.path().c_str(), 0700);
}

TEST(Hdf5, RemovesThePartFileWhenTheLastStepFails) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {6});
    hdf5_writer writer(everyone, folder / "field.h5");
    writer.save(a, "field");
    if (world_rank() == 0) fs::create_directories(folder / "field.h5/full");
    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { writer.commit(); }, errc::io, {"cannot rename"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "field.h5.part"));
}

TEST(Hdf5, SavesWhereALinkLeads) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {6, 3}), read(everyone, {6, 3});
    fill(written);
    if (world_rank() == 0) {
        fs::create_directory(folder / "far");
        std::ofstream(folder / "far/field.h5") << "old";
        fs::permissions(folder / "far/field.h5", fs::perms::owner_read | fs::perms::owner_write);
        fs::create_symlink("far/field.h5", folder / "link.h5");
        fs::create_symlink("far/later.h5", folder / "later.h5");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    save_options added;
    added.mode = save_mode::add;

    save_hdf5(written, folder / "link.h5", "field");
    save_hdf5(written, folder / "later.h5", "field", added);

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(fs::is_symlink(folder / "link.h5") && fs::is_symlink(folder / "later.h5"));
    EXPECT_EQ(fs::status(folder / "far/field.h5").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    for (const char* file : {"far/field.h5", "far/later.h5"}) {
        load_hdf5(read, folder / file, "field");
        expect_filled(read);
    }
    expect_refused([&] { save_hdf5(written, "/dev/null", "field"); }, errc::io,
                   {"/dev/null is no regular file"});
    expect_refused([&] { save_hdf5(written, folder / "far", "field"); }, errc::io,
                   {"is a directory"});
}

TEST(Hdf5, SaysOnAllRanksThatArgumentsDiffer) {
    if (world_size() == 1) GTEST_SKIP() << "needs two ranks";
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {6});

    expect_refused([&] { save_hdf5(a, folder / "field.h5", world_rank() == 1 ? "b" : "a"); },
                   errc::mismatched_arguments, {"\"a\"", "\"b\""});
}

template <class Call>
void expect_zero_byte_refused(const char* what, Call&& call) {
    try {
        call();
        ADD_FAILURE() << what << " took it";
    } catch (const error& refusal) {
        EXPECT_EQ(refusal.code(), errc::invalid_argument) << what;
        EXPECT_THAT(refusal.what(), testing::HasSubstr("zero byte")) << what;
    }
}

TEST(Hdf5, NamesAndTextsWithAZeroByteAreRefusedBeforeAnythingIsMade) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {4});
    const std::string cut("cut\0 here", 9);
    const fs::path there = folder / "there.h5", bad = folder.path() / cut;
    save_hdf5(a, there, "a");
    save_npy(a, folder / "cut"); // the file that a cut name would be
    a.fence();
    save_options described, named;
    described.attributes = {{"units", cut}};
    named.attributes = {{cut, 1}};
    const auto refused = [](const char* what, auto&& call) {
        expect_zero_byte_refused(what, call);
    };

    refused("save", [&] { save_hdf5(a, bad, "a"); });
    refused("save's dataset", [&] { save_hdf5(a, folder / "new.h5", cut); });
    refused("save's attribute", [&] { save_hdf5(a, folder / "new.h5", "a", described); });
    refused("save's attribute's name", [&] { save_hdf5(a, folder / "new.h5", "a", named); });
    refused("load", [&] { load_hdf5(a, bad, "a"); });
    refused("load's dataset", [&] { load_hdf5(a, there, cut); });
    refused("open",
            [&] { static_cast<void>(nodespan::open_hdf5<double, 1>(everyone, there, cut)); });
    refused("set_attribute", [&] { set_attribute(everyone, there, "a", "units", cut); });
    refused("hdf5_writer", [&] { hdf5_writer(everyone, bad); });
    refused("list_datasets", [&] { static_cast<void>(list_datasets(bad)); });
    refused("list_datasets of a team", [&] { static_cast<void>(list_datasets(everyone, bad)); });
    refused("describe_dataset", [&] { static_cast<void>(describe_dataset(there, cut)); });
    refused("read_attributes", [&] { static_cast<void>(read_attributes(there, cut)); });
    refused("save_npy", [&] { save_npy(a, bad); });
    refused("load_npy", [&] { load_npy(a, bad); });
    refused("npy_info", [&] { static_cast<void>(npy_info(bad)); });
    refused("save_csv", [&] { save_csv(a, bad); });
    refused("load_csv", [&] { load_csv(a, bad); });
    refused("csv_info", [&] { static_cast<void>(csv_info(bad)); });
    refused("save_raw", [&] { save_raw(a, bad); });
    refused("load_raw", [&] { load_raw(a, bad); });
    hdf5_writer writer(everyone, there, save_mode::add);
    refused("hdf5_writer::save", [&] { writer.save(a, cut); });
    refused("hdf5_writer::set_attribute", [&] { writer.set_attribute("a", "units", cut); });
    writer.commit();

    EXPECT_FALSE(fs::exists(folder / "new.h5"));
    EXPECT_EQ(list_datasets(there).size(), 1U);
    EXPECT_TRUE(read_attributes(there, "a").empty());
}

} // namespace
