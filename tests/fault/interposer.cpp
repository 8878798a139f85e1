// In front of the MPI routines that the library calls and looks at the answer of: MPI's own
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

// Whether all ranks make the call: leaders have some among themselves.
bool is_of_all(MPI_Comm comm) {
    int size = 0, all = 0;
    PMPI_Comm_size(comm, &size);
    PMPI_Comm_size(MPI_COMM_WORLD, &all);
    return size == all;
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
NODESPAN_PASS(Isend, false,
              (const void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
              (b, n, t, r, g, c, q))
NODESPAN_PASS(Irecv, false,
              (void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
              (b, n, t, r, g, c, q))
NODESPAN_PASS(Win_set_errhandler, false, (MPI_Win w, MPI_Errhandler e), (w, e))
NODESPAN_PASS(Win_shared_query, false,
              (MPI_Win w, int r, MPI_Aint* n, int* d, void* b), (w, r, n, d, b))
NODESPAN_PASS(Comm_split_type, true,
              (MPI_Comm c, int t, int k, MPI_Info i, MPI_Comm* n), (c, t, k, i, n))
NODESPAN_PASS(Comm_split, true, (MPI_Comm c, int l, int k, MPI_Comm* n), (c, l, k, n))
NODESPAN_PASS(Comm_dup, true, (MPI_Comm c, MPI_Comm* n), (c, n))
NODESPAN_PASS(Comm_free, true, (MPI_Comm* c), (c))
NODESPAN_PASS(Iallgather, is_of_all(c),
              (const void* s, int n, MPI_Datatype t, void* r, int m, MPI_Datatype u, MPI_Comm c,
               MPI_Request* q),
              (s, n, t, r, m, u, c, q))
NODESPAN_PASS(Iallreduce, true,
              (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* q),
              (s, r, n, t, o, c, q))
NODESPAN_PASS(Igather, true,
              (const void* s, int n, MPI_Datatype t, void* r, int m, MPI_Datatype u, int k,
               MPI_Comm c, MPI_Request* q),
              (s, n, t, r, m, u, k, c, q))
NODESPAN_PASS(Ireduce, true,
              (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, int k, MPI_Comm c,
               MPI_Request* q),
              (s, r, n, t, o, k, c, q))
NODESPAN_PASS(Iscan, true,
              (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* q),
              (s, r, n, t, o, c, q))
// Nodes of one rank make none.
NODESPAN_PASS(Win_allocate_shared, false,
              (MPI_Aint n, int d, MPI_Info i, MPI_Comm c, void* b, MPI_Win* w), (n, d, i, c, b, w))
NODESPAN_PASS(Win_create, true,
              (void* b, MPI_Aint n, int d, MPI_Info i, MPI_Comm c, MPI_Win* w), (b, n, d, i, c, w))
NODESPAN_PASS(Win_lock_all, true, (int a, MPI_Win w), (a, w))
NODESPAN_PASS(Win_flush, false, (int r, MPI_Win w), (r, w))
NODESPAN_PASS(Win_flush_local, false, (int r, MPI_Win w), (r, w))
NODESPAN_PASS(Win_flush_local_all, false, (MPI_Win w), (w))
NODESPAN_PASS(Put, false,
              (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
               MPI_Win w), (o, n, t, r, a, m, u, w))
NODESPAN_PASS(Get, false,
              (void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u, MPI_Win w),
              (o, n, t, r, a, m, u, w))
NODESPAN_PASS(Rput, false,
              (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
               MPI_Win w, MPI_Request* q), (o, n, t, r, a, m, u, w, q))
NODESPAN_PASS(Rget, false,
              (void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u, MPI_Win w,
               MPI_Request* q), (o, n, t, r, a, m, u, w, q))
NODESPAN_PASS(Accumulate, false,
              (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
               MPI_Op p, MPI_Win w), (o, n, t, r, a, m, u, p, w))
NODESPAN_PASS(Get_accumulate, false,
              (const void* o, int n, MPI_Datatype t, void* b, int l, MPI_Datatype v, int r,
               MPI_Aint a, int m, MPI_Datatype u, MPI_Op p, MPI_Win w),
              (o, n, t, b, l, v, r, a, m, u, p, w))
NODESPAN_PASS(Fetch_and_op, false,
              (const void* o, void* b, MPI_Datatype t, int r, MPI_Aint a, MPI_Op p, MPI_Win w),
              (o, b, t, r, a, p, w))
NODESPAN_PASS(Compare_and_swap, false,
              (const void* o, const void* e, void* b, MPI_Datatype t, int r, MPI_Aint a, MPI_Win w),
              (o, e, b, t, r, a, w))
NODESPAN_PASS(Type_create_hvector, false,
              (int n, int l, MPI_Aint s, MPI_Datatype t, MPI_Datatype* u), (n, l, s, t, u))
NODESPAN_PASS(Type_create_hindexed_block, false,
              (int n, int l, const MPI_Aint d[], MPI_Datatype t, MPI_Datatype* u), (n, l, d, t, u))
NODESPAN_PASS(Type_commit, false, (MPI_Datatype* t), (t))
NODESPAN_PASS(Send_init, false,
              (const void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
              (b, n, t, r, g, c, q))
NODESPAN_PASS(Recv_init, false,
              (void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
              (b, n, t, r, g, c, q))
NODESPAN_PASS(Startall, false, (int n, MPI_Request q[]), (n, q))
NODESPAN_PASS(Ibcast, false,
              (void* b, int n, MPI_Datatype t, int r, MPI_Comm c, MPI_Request* q),
              (b, n, t, r, c, q))
// clang-format on

// Tests are counted once they say "done", so that the number of calls is the same each time.
extern "C" int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
    const int result = PMPI_Test(request, done, status);
    return *done != 0 ? pass("MPI_Test", false, result) : result;
}
extern "C" int MPI_Testall(int count, MPI_Request* requests, int* done, MPI_Status* statuses) {
    const int result = PMPI_Testall(count, requests, done, statuses);
    return *done != 0 ? pass("MPI_Testall", false, result) : result;
}
