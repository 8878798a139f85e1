// In front of every MPI routine that the library calls while it makes teams and arrays: MPI's own
// profiling interface (MPI 3.1 section 14.2) lets a program define MPI_X and call PMPI_X.

#include "interposer.hpp"

#include <mpi.h>

namespace {

bool is_counting = false;
bool counts_shared_only = false;
int count = 0;
int to_fail = 0;
std::string last_failed;

int pass(const char* name, bool is_shared, int result) {
    if (!is_counting || (counts_shared_only && !is_shared) || ++count != to_fail) return result;
    last_failed = name;
    return MPI_ERR_OTHER;
}

} // namespace

void interposer::fail_call(int call, bool shared_only) {
    is_counting = true;
    counts_shared_only = shared_only;
    count = 0;
    to_fail = call;
    last_failed.clear();
}

int interposer::stop() {
    is_counting = false;
    return count;
}

std::string interposer::failed() {
    return last_failed;
}

// NODESPAN_PASS(name, shared, parameters with types, the same as arguments)
#define NODESPAN_PASS(name, shared, parameters, arguments)                                         \
    extern "C" int MPI_##name parameters {                                                         \
        return pass("MPI_" #name, shared, PMPI_##name arguments);                                  \
    }

// clang-format off
NODESPAN_PASS(Comm_rank, false, (MPI_Comm c, int* r), (c, r))
NODESPAN_PASS(Comm_size, false, (MPI_Comm c, int* s), (c, s))
NODESPAN_PASS(Comm_test_inter, false, (MPI_Comm c, int* f), (c, f))
NODESPAN_PASS(Comm_group, false, (MPI_Comm c, MPI_Group* g), (c, g))
NODESPAN_PASS(Group_translate_ranks, false,
              (MPI_Group a, int n, const int r[], MPI_Group b, int s[]), (a, n, r, b, s))
NODESPAN_PASS(Comm_set_errhandler, false, (MPI_Comm c, MPI_Errhandler e), (c, e))
NODESPAN_PASS(Iallreduce, false,
              (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* q),
              (s, r, n, t, o, c, q))
NODESPAN_PASS(Win_set_errhandler, false, (MPI_Win w, MPI_Errhandler e), (w, e))
NODESPAN_PASS(Win_shared_query, false,
              (MPI_Win w, int r, MPI_Aint* n, int* d, void* b), (w, r, n, d, b))
NODESPAN_PASS(Comm_split_type, true,
              (MPI_Comm c, int t, int k, MPI_Info i, MPI_Comm* n), (c, t, k, i, n))
NODESPAN_PASS(Comm_split, true, (MPI_Comm c, int l, int k, MPI_Comm* n), (c, l, k, n))
NODESPAN_PASS(Comm_free, true, (MPI_Comm* c), (c))
NODESPAN_PASS(Allgather, true,
              (const void* s, int n, MPI_Datatype t, void* r, int m, MPI_Datatype u, MPI_Comm c),
              (s, n, t, r, m, u, c))
NODESPAN_PASS(Allreduce, true,
              (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c),
              (s, r, n, t, o, c))
NODESPAN_PASS(Bcast, true, (void* b, int n, MPI_Datatype t, int r, MPI_Comm c), (b, n, t, r, c))
NODESPAN_PASS(Win_allocate_shared, true,
              (MPI_Aint n, int d, MPI_Info i, MPI_Comm c, void* b, MPI_Win* w), (n, d, i, c, b, w))
