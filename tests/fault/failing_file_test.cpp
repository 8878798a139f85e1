// The k-th MPI call fails, for every k while files are read and written: every rank gets an
// exception, or none does, nobody hangs, and a file is whole or not there.

#include "failing_file_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <fstream>

namespace {

using namespace nodespan;
using namespace nodespan::test;

TEST(FailingCall, AFileIsWrittenOnAllRanksOrOnNone) {
    const scoped_file npy(".npy"), csv(".csv");

    expect_use_on_all_or_none([&](array_of_columns& a) { save_npy(a.numbers, npy.name()); });
    expect_use_on_all_or_none([&](array_of_columns& a) { save_csv(a.numbers, csv.name()); });

    PMPI_Barrier(MPI_COMM_WORLD);
    EXPECT_EQ(fs::file_size(npy.name()), 128U + 12 * 8 * 8);
    EXPECT_FALSE(fs::exists(npy.name().string() + ".part"));
    EXPECT_FALSE(fs::exists(csv.name().string() + ".part"));
}

TEST(FailingCall, AFileIsReadOnAllRanksOrOnNone) {
    const scoped_file npy(".npy"), csv(".csv");
    {
        array_of_columns whole;
        save_npy(whole.numbers, npy.name());
        save_csv(whole.numbers, csv.name());
    }

    expect_use_on_all_or_none([&](array_of_columns& a) { load_npy(a.numbers, npy.name()); });
    expect_use_on_all_or_none([&](array_of_columns& a) { load_csv(a.numbers, csv.name()); });
    expect_use_on_all_or_none([&](array_of_columns& a) {
        static_cast<void>(open_csv<double, 2>(a.everyone, csv.name()));
    });
}

} // namespace
