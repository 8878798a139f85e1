// The k-th MPI call fails, for every k while files are read and written: every rank gets an
// exception, or none does, nobody hangs, and a file is whole or not there.

#include "failing_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>

namespace {

using namespace nodespan;
using namespace nodespan::test;
namespace fs = std::filesystem;

// A file name that all ranks know; rank 0 removes what has it.
class scoped_file {
public:
    explicit scoped_file(const char* ending) {
        int process = getpid();
        PMPI_Bcast(&process, 1, MPI_INT, 0, MPI_COMM_WORLD);
        name_ = fs::temp_directory_path() / ("nodespan_fault_" + std::to_string(process) + ending);
    }
    ~scoped_file() {
        PMPI_Barrier(MPI_COMM_WORLD);
        if (world_rank() == 0) fs::remove(name_);
    }
    scoped_file(const scoped_file&) = delete;
    scoped_file& operator=(const scoped_file&) = delete;

    const fs::path& name() const { return name_; }

private:
    fs::path name_;
};

// An array whose columns are cut, so that elements travel: on a team that a failure may end.
struct array_of_columns {
    array_of_columns()
        : everyone(MPI_COMM_WORLD),
          numbers(everyone, {12, 8}, options_for(everyone)) {}

    static array_options options_for(const team& t) {
        array_options result;
        result.distribution.node_grid = {1, t.nodes()};
        result.distribution.rank_grid = {1, 0};
        return result;
    }

    team everyone;
    array<double, 2> numbers;
};

template <class Use>
void expect_use_on_all_or_none(Use&& use) {
    auto made = std::make_unique<array_of_columns>();
    const auto make = [&] { use(*made); };
    const int calls = count_calls(make);
    ASSERT_GT(calls, 8);

    expect_all_or_none(calls, make, [&] {
        made.reset();
        made = std::make_unique<array_of_columns>();
    });
}

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
    expect_use_on_all_or_none(
        [&](array_of_columns& a) { open_csv<double, 2>(a.everyone, csv.name()); });
}

} // namespace
