#include "nodespan/environment.hpp"

#include "mpi_check.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>

namespace nodespan {
namespace {

int to_mpi(thread_level level) {
    switch (level) {
    case thread_level::single:
        return MPI_THREAD_SINGLE;
    case thread_level::funneled:
        return MPI_THREAD_FUNNELED;
    case thread_level::serialized:
        return MPI_THREAD_SERIALIZED;
    case thread_level::multiple:
        return MPI_THREAD_MULTIPLE;
    }
    return MPI_THREAD_FUNNELED;
}

thread_level from_mpi(int level) {
    if (level == MPI_THREAD_MULTIPLE) return thread_level::multiple;
    if (level == MPI_THREAD_SERIALIZED) return thread_level::serialized;
    return level == MPI_THREAD_FUNNELED ? thread_level::funneled : thread_level::single;
}

// Whether the user's own Open MPI configuration file chooses one-sided components.
bool user_file_sets_osc() {
    const char* home = std::getenv("HOME");
    std::ifstream file(std::string(home ? home : "") + "/.openmpi/mca-params.conf");
    for (std::string line; std::getline(file, line);) {
        const auto begin = line.find_first_not_of(" \t");
        if (begin == std::string::npos || line.compare(begin, 3, "osc") != 0) continue;
        const auto next = line.find_first_not_of(" \t", begin + 3);
        if (next != std::string::npos && line[next] == '=') return true;
    }
    return false;
}

// Debian's and Ubuntu's system configuration excludes osc/pt2pt, the only component that works
// over TCP. It has the lowest priority, so allowing it again never displaces a better one.
void allow_rma_between_nodes() {
    if (std::getenv("OMPI_MCA_osc") != nullptr || user_file_sets_osc()) return;
    setenv("OMPI_MCA_osc", "^ucx", 0);
}

} // namespace

environment::environment(int& argc, char**& argv, thread_level wanted) {
    start(&argc, &argv, wanted);
}

environment::environment(thread_level wanted) {
    start(nullptr, nullptr, wanted);
}

void environment::start(int* argc, char*** argv, thread_level wanted) {
    exceptions_ = std::uncaught_exceptions();
    int initialized = 0, finalized = 0, granted = MPI_THREAD_SINGLE;
    MPI_Finalized(&finalized);
    if (finalized != 0)
        throw error(errc::finalized,
                    "environment: MPI is finalised already and cannot start again");
    MPI_Initialized(&initialized);
    if (initialized != 0) {
        detail::mpi_check(MPI_Query_thread(&granted), "MPI_Query_thread");
    } else {
        allow_rma_between_nodes();
        detail::mpi_check(MPI_Init_thread(argc, argv, to_mpi(wanted), &granted), "MPI_Init_thread");
        owner_ = true;
    }
    granted_ = from_mpi(granted);
}

environment::~environment() {
    if (!owner_ || !detail::mpi_is_alive()) return;
    if (std::uncaught_exceptions() > exceptions_) {
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        std::fputs(fmt::format("nodespan: an exception left the scope of the environment on rank "
                               "{}{}{}; ending the job, whose other ranks would wait for it\n",
                               rank, *detail::last_error_text() ? ": " : "",
                               detail::last_error_text())
                       .c_str(),
                   stderr);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize(); // a destructor has nobody to tell
}

} // namespace nodespan
