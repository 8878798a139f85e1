#ifndef NODESPAN_C_TEAM_H
#define NODESPAN_C_TEAM_H

#include "nodespan/c/error.h"

#ifdef __has_include
#if !__has_include(<mpi.h>)
#error nodespan needs mpi.h: compile with mpicc, or link nodespan::nodespan after find_package(nodespan) in CMake
#include <nodespan/see_the_error_above>
#endif
#endif
#include <mpi.h>

/// MPI's life, for programs that leave it to nodespan.
typedef struct nodespan_environment_object* nodespan_environment;

/// Starts MPI, with one-sided communication between nodes where Debian's and Ubuntu's Open MPI have
/// switched it off; does nothing where MPI runs already. `thread_level` is MPI_THREAD_SINGLE,
/// _FUNNELED, _SERIALIZED or _MULTIPLE.
/// Call:   every rank, once, before any other use of MPI by nodespan.
/// Errors: INVALID_ARGUMENT, FINALIZED, MPI.
NODESPAN_C_API int nodespan_environment_create(int thread_level, nodespan_environment* result);

/// Finalises MPI if the environment has started it; makes the handle null, as all `free` do. One
/// that is null already is left alone.
NODESPAN_C_API int nodespan_environment_free(nodespan_environment* environment);

/// A group of ranks, numbered node by node: what everything collective is collective over.
typedef struct nodespan_team_object* nodespan_team;

/// Groups the ranks of `comm` by node. `ranks_per_node` cuts nodes into simulated ones, to try the
/// way across nodes on one machine; 0: as the environment variable NODESPAN_RANKS_PER_NODE says, or
/// real nodes without it. `comm` may be freed afterwards. The second one is for Fortran's handles.
/// Call:   collective over `comm`; MPI is initialised.
/// Errors: NOT_INITIALIZED, FINALIZED, INVALID_ARGUMENT, MPI: on all ranks.
/// Cost:   four communicators and a window; some 200 us.
NODESPAN_C_API int nodespan_team_create(MPI_Comm comm, int ranks_per_node, nodespan_team* result);
NODESPAN_C_API int nodespan_team_create_f(MPI_Fint comm, int ranks_per_node, nodespan_team* result);

/// A team of those ranks that give the same `color`, ordered by `key`, then by rank.
/// Call:   collective over the team.
/// Errors: INVALID_ARGUMENT (negative color), MPI.
NODESPAN_C_API int nodespan_team_split(nodespan_team team, int color, int key,
                                       nodespan_team* result);

/// Ends the handle. Arrays keep what they need of their team, so they may be freed before or after.
/// Call:   collective over the team, before MPI_Finalize; later it leaks and succeeds.
NODESPAN_C_API int nodespan_team_free(nodespan_team* team);

/// Who I am, and how many there are; on my node, too.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_team_rank(nodespan_team team, int* rank);
NODESPAN_C_API int nodespan_team_size(nodespan_team team, int* size);
NODESPAN_C_API int nodespan_team_node(nodespan_team team, int* node);
NODESPAN_C_API int nodespan_team_nodes(nodespan_team team, int* nodes);
NODESPAN_C_API int nodespan_team_node_rank(nodespan_team team, int* node_rank);
NODESPAN_C_API int nodespan_team_node_size(nodespan_team team, int* node_size);

/// The node of a rank, and its number in the communicator that the team was made from.
/// Call:   any rank alone.
/// Errors: OUT_OF_RANGE.
NODESPAN_C_API int nodespan_team_node_of(nodespan_team team, int rank, int* node);
NODESPAN_C_API int nodespan_team_comm_rank(nodespan_team team, int rank, int* comm_rank);

/// The team's own communicators: all ranks in team order, and those of this node. For messages as
/// you like, but not to be freed.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_team_comm(nodespan_team team, MPI_Comm* comm);
NODESPAN_C_API int nodespan_team_node_comm(nodespan_team team, MPI_Comm* comm);

/// Ends an epoch: what any rank wrote before, directly or by transfers, is visible to all ranks
/// after it; for node_fence, to the ranks of this node what they wrote directly.
/// Call:   collective over the team; over the node for node_fence.
/// Errors: PEER_LOST, MPI: on all ranks.
/// Cost:   one node: some loads and stores. Otherwise a barrier between leaders too, and a round
///         trip to each node this rank has sent something.
NODESPAN_C_API int nodespan_team_fence(nodespan_team team);
NODESPAN_C_API int nodespan_team_node_fence(nodespan_team team);

/// Lets MPI serve other nodes' transfers to this one: for leaders, now and then in long
/// computations.
/// Call:   any rank alone.
/// Cost:   some 100 ns.
NODESPAN_C_API int nodespan_team_progress(nodespan_team team);

#endif
