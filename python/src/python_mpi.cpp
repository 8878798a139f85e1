#include "python_mpi.hpp"

#include "exit_status.hpp"
#include "things.hpp"

#include "nodespan/environment.hpp"

#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace nodespan::python {
namespace {

environment* mpi = nullptr; // from the first team on; never destroyed but at the process's end
pid_t owner = 0;            // forks of it end nothing

bool is_mpi_alive() {
    int initialized = 0, finalized = 0;
    return MPI_Initialized(&initialized) == MPI_SUCCESS && initialized != 0 &&
           MPI_Finalized(&finalized) == MPI_SUCCESS && finalized == 0;
}

int job_size() {
    int size = 1;
    if (!is_mpi_alive() || MPI_Comm_size(MPI_COMM_WORLD, &size) != MPI_SUCCESS) return 1;
    return size;
}

// Where this rank ends with an error, others may wait for it: then the job ends.
void end_teams_or_job(int status) {
    if (::getpid() != owner || !is_mpi_alive()) return;
    if (status != 0 && job_size() > 1) MPI_Abort(MPI_COMM_WORLD, status);
    team_state::end_all();
}

// Python has ended, and whoever has started MPI has not ended it yet.
void end_teams() {
    end_teams_or_job(exit_status());
}

// The end of a process in which this package has started MPI.
void end_mpi(int status, void*) {
    end_teams_or_job(status);
    if (::getpid() == owner && is_mpi_alive()) delete std::exchange(mpi, nullptr);
}

void abort_job(int status) {
    if (job_size() > 1 && ::getpid() == owner) MPI_Abort(MPI_COMM_WORLD, status);
}

} // namespace

void start_mpi() {
    if (mpi != nullptr) return;
    mpi = new environment();
    owner = ::getpid();
    if (mpi->owns_mpi())
        ::on_exit(end_mpi, nullptr);
    else {
        Py_AtExit(end_teams); // before mpi4py's own, which stands there already
        watch_exits();
    }
    watch_interrupts();
}

// MPI_Comm is a pointer in some MPIs and an int in others: a template, so that one branch counts.
template <class To, class From>
To converted(From value) noexcept {
    if constexpr (std::is_pointer_v<To> || std::is_pointer_v<From>)
        return reinterpret_cast<To>(value);
    else
        return static_cast<To>(value);
}

MPI_Comm comm_of(std::uintptr_t handle) noexcept {
    return converted<MPI_Comm>(handle);
}

std::uintptr_t handle_of(MPI_Comm comm) noexcept {
    return converted<std::uintptr_t>(comm);
}

void bind_mpi(py::module_& module) {
    module.def("start_mpi", &start_mpi);
    module.def("prepare_mpi", [] { environment::prepare(); });
    module.def("is_mpi_started", [] {
        int initialized = 0;
        return MPI_Initialized(&initialized) == MPI_SUCCESS && initialized != 0;
    });
    module.def("is_live", &detail::is_live_process);
    module.def("abort_job", &abort_job);
    module.def("job_size", &job_size);
    module.attr("comm_bytes") = sizeof(MPI_Comm);
    module.def("mpi_version", [] {
        char text[MPI_MAX_LIBRARY_VERSION_STRING];
        int length = 0;
        if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) length = 0;
        return std::string(text, static_cast<std::size_t>(length));
    });
}

} // namespace nodespan::python
