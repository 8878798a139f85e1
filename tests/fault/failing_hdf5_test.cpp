// The k-th MPI call fails, for every k while HDF5 files and checkpoints are written and read: every
// rank gets an exception, or none does, nobody hangs, and what is there is whole.

#include "failing_file_cases.hpp"

#include <nodespan/checkpoint.hpp>
#include <nodespan/hdf5.hpp>

#include <fstream>
#include <iterator>

namespace {

using namespace nodespan;
using namespace nodespan::test;

// A checkpoint of this step, or the latest.
void write(array_of_columns& a, const fs::path& folder, index_t step) {
    checkpoint saved(a.everyone, folder);
    saved.add("numbers", a.numbers);
    saved.write(step);
}

index_t restore(array_of_columns& a, const fs::path& folder) {
    checkpoint saved(a.everyone, folder);
    saved.add("numbers", a.numbers);
    return saved.restore().value_or(-1);
}

TEST(FailingCall, AnHdf5FileIsWrittenAndReadOnAllRanksOrOnNone) {
    const scoped_file file(".h5");

    expect_use_on_all_or_none(
        [&](array_of_columns& a) { save_hdf5(a.numbers, file.name(), "numbers"); });
    EXPECT_FALSE(fs::exists(file.name().string() + ".part"));
    expect_use_on_all_or_none(
        [&](array_of_columns& a) { load_hdf5(a.numbers, file.name(), "numbers"); });
}

std::string bytes_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(FailingCall, AnHdf5FileThatIsThereIsChangedOnAllRanksOrHasItsOldBytes) {
    const scoped_file file(".h5");
    std::string before;
    {
        array_of_columns a;
        save_hdf5(a.numbers, file.name(), "numbers");
        before = bytes_of(file.name());
    }

    expect_use_on_all_or_none([&](array_of_columns& a) {
        if (world_rank() == 0) std::ofstream(file.name(), std::ios::binary) << before;
        try {
            save_hdf5(a.numbers, file.name(), "numbers", {save_mode::overwrite});
        } catch (const error&) {
            EXPECT_TRUE(world_rank() != 0 || bytes_of(file.name()) == before);
            throw;
        }
    });
}

TEST(FailingCall, ACheckpointIsWrittenOnAllRanksOrOnNone) {
    const scoped_file folder(".checkpoints");
    {
        array_of_columns whole;
        write(whole, folder.name(), 1);
    }

    expect_use_on_all_or_none([&](array_of_columns& a) { write(a, folder.name(), 2); });

    array_of_columns whole;
    EXPECT_GE(restore(whole, folder.name()), 1);
}

TEST(FailingCall, ACheckpointIsRestoredOnAllRanksOrOnNone) {
    const scoped_file folder(".checkpoints");
    {
        array_of_columns whole;
        write(whole, folder.name(), 1);
    }

    expect_use_on_all_or_none(
        [&](array_of_columns& a) { EXPECT_EQ(restore(a, folder.name()), 1); });
}

} // namespace
