#pragma once

#include "failing_cases.hpp"

#include <gtest/gtest.h>
#include <nodespan/array.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

namespace nodespan::test {

namespace fs = std::filesystem;

/// A name of a file or folder that all ranks know; rank 0 removes what has it.
class scoped_file {
public:
    explicit scoped_file(const char* ending) {
        int process = getpid();
        PMPI_Bcast(&process, 1, MPI_INT, 0, MPI_COMM_WORLD);
        name_ = fs::temp_directory_path() / ("nodespan_fault_" + std::to_string(process) + ending);
    }
    ~scoped_file() {
        PMPI_Barrier(MPI_COMM_WORLD);
        if (world_rank() == 0) fs::remove_all(name_);
    }
    scoped_file(const scoped_file&) = delete;
    scoped_file& operator=(const scoped_file&) = delete;

    const fs::path& name() const { return name_; }

private:
    fs::path name_;
};

/// An array whose columns are cut, so that elements travel: on a team that a failure may end.
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

/// Fails each MPI call of `use` in turn.
template <class Use>
void expect_use_on_all_or_none(Use&& use) {
    auto made = std::make_unique<array_of_columns>();
    const auto make = [&] { use(*made); };
    const int calls = count_calls(make);
    if (made->everyone.nodes() > 1) { // ranks of one node agree without MPI
        ASSERT_GT(calls, 8);
    }

    expect_all_or_none(
        calls, make,
        [&] {
            made.reset();
            made = std::make_unique<array_of_columns>();
        },
        failing::one_rank_in_turn);
}

} // namespace nodespan::test
