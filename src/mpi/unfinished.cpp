#include "unfinished.hpp"

#include "mpi_check.hpp"
#include "mpi_turn.hpp"

namespace nodespan::detail {

unfinished::~unfinished() {
    if (!mpi_is_alive()) return;
    const mpi_turn ending;
    if (is_started) // MPI may still use the memory: leak it
        for (auto& one : memory) static_cast<void>(one.release());
    else
        for (MPI_Request& request : requests) MPI_Request_free(&request); // errors are ignored
}

} // namespace nodespan::detail
