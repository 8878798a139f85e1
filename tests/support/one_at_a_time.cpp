// In front of the MPI routines that the library calls, by MPI's profiling interface (MPI 3.1
// section 14.2): while the library's thread and its calls take turns, as under
// MPI_THREAD_SERIALIZED, no routine may be entered by a thread that has not the turn. It ends a
// process that does so.

#include "mpi_turn.hpp"

#include <mpi.h>

#include <cstdio>
#include <cstdlib>

namespace {

// Nobody has the turn if it can be taken.
template <class Call>
int in_turn(const char* name, Call&& call) {
    using nodespan::detail::mpi_turn;
    if (mpi_turn::are_taken() && mpi_turn::try_take()) {
        std::fprintf(stderr, "test support: %s is called out of turn\n", name);
        std::abort();
    }
    return call();
}

} // namespace

// NODESPAN_IN_TURN(name, parameters with types, the same as arguments)
#define NODESPAN_IN_TURN(name, parameters, arguments)                                              \
    extern "C" int MPI_##name parameters {                                                         \
        return in_turn("MPI_" #name, [&] { return PMPI_##name arguments; });                       \
    }

// clang-format off
NODESPAN_IN_TURN(Iprobe, (int r, int g, MPI_Comm c, int* f, MPI_Status* s), (r, g, c, f, s))
NODESPAN_IN_TURN(Testall, (int n, MPI_Request q[], int* f, MPI_Status s[]), (n, q, f, s))
NODESPAN_IN_TURN(Isend,
                 (const void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
                 (b, n, t, r, g, c, q))
NODESPAN_IN_TURN(Irecv, (void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
                 (b, n, t, r, g, c, q))
NODESPAN_IN_TURN(Send_init,
                 (const void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
                 (b, n, t, r, g, c, q))
NODESPAN_IN_TURN(Recv_init,
                 (void* b, int n, MPI_Datatype t, int r, int g, MPI_Comm c, MPI_Request* q),
                 (b, n, t, r, g, c, q))
NODESPAN_IN_TURN(Startall, (int n, MPI_Request q[]), (n, q))
NODESPAN_IN_TURN(Request_free, (MPI_Request* q), (q))
NODESPAN_IN_TURN(Comm_split_type, (MPI_Comm c, int t, int k, MPI_Info i, MPI_Comm* n), (c, t, k, i, n))
NODESPAN_IN_TURN(Comm_split, (MPI_Comm c, int l, int k, MPI_Comm* n), (c, l, k, n))
NODESPAN_IN_TURN(Comm_dup, (MPI_Comm c, MPI_Comm* n), (c, n))
NODESPAN_IN_TURN(Comm_free, (MPI_Comm* c), (c))
NODESPAN_IN_TURN(Iallgather,
                 (const void* s, int n, MPI_Datatype t, void* r, int m, MPI_Datatype u, MPI_Comm c,
                  MPI_Request* q), (s, n, t, r, m, u, c, q))
NODESPAN_IN_TURN(Iallreduce,
                 (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* q),
                 (s, r, n, t, o, c, q))
NODESPAN_IN_TURN(Igather,
                 (const void* s, int n, MPI_Datatype t, void* r, int m, MPI_Datatype u, int k,
                  MPI_Comm c, MPI_Request* q), (s, n, t, r, m, u, k, c, q))
NODESPAN_IN_TURN(Iscan,
                 (const void* s, void* r, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request* q),
                 (s, r, n, t, o, c, q))
NODESPAN_IN_TURN(Ibcast, (void* b, int n, MPI_Datatype t, int r, MPI_Comm c, MPI_Request* q),
                 (b, n, t, r, c, q))
NODESPAN_IN_TURN(Type_commit, (MPI_Datatype* t), (t))
NODESPAN_IN_TURN(Type_free, (MPI_Datatype* t), (t))
NODESPAN_IN_TURN(Win_allocate_shared,
                 (MPI_Aint n, int d, MPI_Info i, MPI_Comm c, void* b, MPI_Win* w), (n, d, i, c, b, w))
NODESPAN_IN_TURN(Win_create, (void* b, MPI_Aint n, int d, MPI_Info i, MPI_Comm c, MPI_Win* w),
                 (b, n, d, i, c, w))
NODESPAN_IN_TURN(Win_free, (MPI_Win* w), (w))
NODESPAN_IN_TURN(Win_lock_all, (int a, MPI_Win w), (a, w))
NODESPAN_IN_TURN(Win_unlock_all, (MPI_Win w), (w))
NODESPAN_IN_TURN(Win_flush, (int r, MPI_Win w), (r, w))
NODESPAN_IN_TURN(Win_flush_local, (int r, MPI_Win w), (r, w))
NODESPAN_IN_TURN(Win_flush_local_all, (MPI_Win w), (w))
NODESPAN_IN_TURN(Put,
                 (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
                  MPI_Win w), (o, n, t, r, a, m, u, w))
NODESPAN_IN_TURN(Get,
                 (void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u, MPI_Win w),
                 (o, n, t, r, a, m, u, w))
NODESPAN_IN_TURN(Rput,
                 (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
                  MPI_Win w, MPI_Request* q), (o, n, t, r, a, m, u, w, q))
NODESPAN_IN_TURN(Rget,
                 (void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u, MPI_Win w,
                  MPI_Request* q), (o, n, t, r, a, m, u, w, q))
NODESPAN_IN_TURN(Accumulate,
                 (const void* o, int n, MPI_Datatype t, int r, MPI_Aint a, int m, MPI_Datatype u,
                  MPI_Op p, MPI_Win w), (o, n, t, r, a, m, u, p, w))
NODESPAN_IN_TURN(Get_accumulate,
                 (const void* o, int n, MPI_Datatype t, void* b, int l, MPI_Datatype v, int r,
                  MPI_Aint a, int m, MPI_Datatype u, MPI_Op p, MPI_Win w),
                 (o, n, t, b, l, v, r, a, m, u, p, w))
NODESPAN_IN_TURN(Fetch_and_op,
                 (const void* o, void* b, MPI_Datatype t, int r, MPI_Aint a, MPI_Op p, MPI_Win w),
                 (o, b, t, r, a, p, w))
NODESPAN_IN_TURN(Compare_and_swap,
                 (const void* o, const void* e, void* b, MPI_Datatype t, int r, MPI_Aint a, MPI_Win w),
                 (o, e, b, t, r, a, w))
// clang-format on
