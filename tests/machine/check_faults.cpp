// Stands before MPI (LD_PRELOAD) and spoils one call, as NODESPAN_TEST_FAULT says.

#include <mpi.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

bool is_fault(const char* name) {
    const char* const fault = std::getenv("NODESPAN_TEST_FAULT");
    return fault != nullptr && std::strcmp(fault, name) == 0;
}

} // namespace

extern "C" int MPI_Accumulate(const void* from, int count, MPI_Datatype type, int target,
                              MPI_Aint at, int target_count, MPI_Datatype target_type, MPI_Op op,
                              MPI_Win window) {
    while (is_fault("hang")) sleep(1);
    if (is_fault("crash")) std::raise(SIGSEGV);
    if (is_fault("wrong")) count = target_count = 0;
    return PMPI_Accumulate(from, count, type, target, at, target_count, target_type, op, window);
}
