#pragma once

#include <optional>
#include <string>

namespace nodespan::detail {

/// The MPI library's own settings as they are in force, from wherever they were set.
/// Source: MPI 3.1 section 14.3.6 (control variables).
class mpi_variables {
public:
    /// Asks for the thread level in force: from then on Open MPI 4.1 answers MPI_Query_thread with
    /// it.
    explicit mpi_variables(int thread_level);
    ~mpi_variables();

    mpi_variables(const mpi_variables&) = delete;            // opened once, closed once
    mpi_variables& operator=(const mpi_variables&) = delete; // opened once, closed once

    /// As people write it; nothing where the library has no such setting, or one of another kind.
    std::optional<std::string> read(const char* name) const;

private:
    bool is_open_ = false;
};

} // namespace nodespan::detail
