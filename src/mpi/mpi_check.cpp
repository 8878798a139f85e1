#include "mpi_check.hpp"

#include "nodespan/error.hpp"
#include "process_watch.hpp"

#include <fmt/format.h>

namespace nodespan::detail {

void mpi_check(int code, const char* operation) {
    if (code == MPI_SUCCESS) return;
    const std::error_code cause(code, mpi_category());
    throw error(cause, fmt::format("{}: {}", operation, cause.message()));
}

bool mpi_is_alive() noexcept {
    if (is_forked()) return false; // the state of MPI belongs to the parent
    int initialized = 0, finalized = 0;
    MPI_Initialized(&initialized); // both calls are allowed at any time and cannot fail
    MPI_Finalized(&finalized);
    return initialized != 0 && finalized == 0;
}

void require_mpi(const char* operation) {
    require_live_process(operation);
    if (mpi_is_alive()) return;
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized != 0) refuse_process(operation);
    throw error(errc::not_initialized,
                fmt::format("{}: MPI is not initialised; make a nodespan::environment in main, or "
                            "call MPI_Init",
                            operation));
}

} // namespace nodespan::detail
