// Files where the disk is full or may not be written: NODESPAN_TEST_FOLDER holds 16 MiB.

#include "hdf5_cases.hpp"

#include <nodespan/checkpoint.hpp>

namespace {

using namespace nodespan;
using namespace nodespan::test;

constexpr index_t too_long = 4 * 1024 * 1024; // doubles: 32 MiB
constexpr index_t fits = 1024 * 1024;         // 8 MiB

fs::path given(const char* name) {
    return fs::path(std::getenv("NODESPAN_TEST_FOLDER")) / name;
}

save_options with(save_mode mode) {
    save_options options;
    options.mode = mode;
    return options;
}

TEST(Hdf5SmallDisk, AFullDiskIsAnErrorOnAllRanksAndLeavesTheOldFile) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> large(everyone, {too_long}), small(everyone, {1000});
    fill(small);
    const fs::path file = folder / "field.h5";
    save_hdf5(small, file, "field");

    expect_refused([&] { save_hdf5(large, file, "field"); }, errc::io,
                   {"save_hdf5(float64{4194304}, \"", "field.h5", "\"field\"", "No space left"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "field.h5.part"));
    load_hdf5(small, file, "field");
    expect_filled(small);
}

TEST(Hdf5SmallDisk, AFullDiskLeavesAnExistingFileAsItWas) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> large(everyone, {too_long}), small(everyone, {fits});
    fill(small);
    const fs::path file = folder / "field.h5";
    save_hdf5(small, file, "field");
    const std::string before = bytes_of(file);

    for (const save_mode mode : {save_mode::add, save_mode::overwrite})
        expect_refused([&] { save_hdf5(large, file, "more", with(mode)); }, errc::io,
                       {"No space left"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(bytes_of(file) == before);
}

TEST(Hdf5SmallDisk, AFullDiskIsFoundWhileChunksAreWritten) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> large(everyone, {too_long}), small(everyone, {1000});
    fill(small);
    save_options chunks = with(save_mode::add);
    chunks.chunk = {65536};
    const fs::path file = folder / "field.h5";
    save_hdf5(small, file, "field");
    const std::string before = bytes_of(file);

    expect_refused([&] { save_hdf5(large, file, "more", chunks); }, errc::io, {"No space left"});
    expect_refused([&] { save_hdf5(large, folder / "new.h5", "more", chunks); }, errc::io,
                   {"No space left"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "new.h5.part"));
    EXPECT_TRUE(bytes_of(file) == before);
}

TEST(Hdf5SmallDisk, HoweverLittleSpaceIsLeftAFileGetsMoreOrHasItsOldBytes) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> old(everyone, {1000}), more(everyone, {1000});
    fill(old);
    fill(more);
    const fs::path file = folder / "field.h5", filler = folder / "filler";
    save_hdf5(old, file, "old");
    const std::string before = bytes_of(file);
    int saved = 0, refused = 0;

    for (int pages = 0; pages <= 12; ++pages) {
        SCOPED_TRACE(pages);
        MPI_Barrier(MPI_COMM_WORLD);
        if (world_rank() == 0) {
            std::ofstream(file, std::ios::binary) << before;
            fs::remove(filler);
            const auto left = static_cast<std::uintmax_t>(pages) * 4096;
            std::ofstream(filler, std::ios::binary)
                << std::string(fs::space(folder.path()).available - left, 'x');
        }
        MPI_Barrier(MPI_COMM_WORLD);
        const std::string text(5000, 'K'); // more than one page of HDF5's own
        save_options options = with(save_mode::overwrite);
        options.attributes = {{"units", text}};
        const caught_error failure = caught([&] { save_hdf5(more, file, "more", options); });
        ++(failure.text.empty() ? saved : refused);
        MPI_Barrier(MPI_COMM_WORLD);
        if (failure.text.empty())
            expect_filled(nodespan::open_hdf5<double, 1>(everyone, file, "more"));
        else
            EXPECT_TRUE(bytes_of(file) == before) << failure.text;
        expect_filled(nodespan::open_hdf5<double, 1>(everyone, file, "old"));
    }
    EXPECT_GT(saved, 0);
    EXPECT_GT(refused, 0);
}

TEST(Hdf5SmallDisk, ACheckpointThatHasNoRoomLeavesTheOldOnesAndTheRunGoesOn) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> state(everyone, {fits * 5 / 8}); // 5 MiB: three of them are too many
    double scale = 0;
    checkpoint saved(everyone, folder / "run");
    saved.add("state", state);
    saved.add("scale", scale);
    const auto go_to = [&](index_t step) {
        scale = static_cast<double>(step);
        for_each_index(state.rank_box(), [&](const indices<1>& at) {
            state(at[0]) = scale + static_cast<double>(at[0]);
        });
    };
    for (const index_t step : {1, 2}) {
        go_to(step);
        saved.write(step);
    }
    array<double, 1> filler(everyone, {fits / 4});
    save_hdf5(filler, folder / "filler.h5", "filler");

    go_to(3);
    expect_refused([&] { saved.write(3); }, errc::io, {"No space left"});
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "run/step-000000000003.h5.part"));
    if (world_rank() == 0) fs::remove(folder / "filler.h5");
    MPI_Barrier(MPI_COMM_WORLD);
    go_to(0);
    EXPECT_EQ(saved.restore(), 2);
    EXPECT_EQ(scale, 2);
    for_each_index(state.rank_box(), [&](const indices<1>& at) {
        ASSERT_EQ(state(at[0]), 2 + static_cast<double>(at[0]));
    });

    if (world_rank() == 0) fs::remove(folder / "run/step-000000000001.h5");
    go_to(3);
    saved.write(3);
    EXPECT_EQ(saved.latest(), 3);
}

TEST(Hdf5SmallDisk, AFolderThatMayNotBeWrittenIsAnErrorOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {10});

    for (const save_mode mode : {save_mode::replace_file, save_mode::add})
        expect_refused([&] { save_hdf5(a, given("read_only/field.h5"), "field", with(mode)); },
                       errc::io, {"read_only/field.h5", "Read-only file system"});
}

} // namespace
