#include "nodespan/environment.hpp"

#include "mpi_check.hpp"
#include "mpi_life.hpp"
#include "nodespan/error.hpp"
#include "osc_settings.hpp"
#include "progress_thread.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

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
        const int level = detail::level_for_progress(to_mpi(wanted));
        detail::choose_rma_setting(level);
        detail::mpi_check(MPI_Init_thread(argc, argv, level, &granted), "MPI_Init_thread");
        owner_ = true;
    }
    granted_ = from_mpi(granted);
    detail::watch_mpi();
}

void environment::prepare(thread_level wanted) {
    int initialized = 0;
    if (MPI_Initialized(&initialized) == MPI_SUCCESS && initialized == 0)
        detail::choose_rma_setting(detail::level_for_progress(to_mpi(wanted)));
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
    detail::progress_thread::end();
    MPI_Finalize(); // a destructor cannot report an error
}

} // namespace nodespan
