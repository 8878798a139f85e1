#include "unfinished.hpp"

#include "mpi_check.hpp"

namespace nodespan::detail {

unfinished::~unfinished() {
    if (!mpi_is_alive()) return;
    if (is_started) // MPI may still fill or read the memory: leak it
        for (auto& one : memory) static_cast<void>(one.release());
    else
        for (MPI_Request& request : requests) MPI_Request_free(&request); // nobody to tell
}

bool unfinished::is_done() {
    int done = 1;
    if (is_started && !requests.empty())
        mpi_check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done,
                              MPI_STATUSES_IGNORE),
                  "MPI_Testall");
    is_started = done == 0;
    return done != 0;
}

} // namespace nodespan::detail
