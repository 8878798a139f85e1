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

/// Starts MPI. Switches on one-sided communication between nodes where Debian's and Ubuntu's Open
/// MPI have switched it off. Does nothing if MPI runs already. `thread_level` is MPI_THREAD_SINGLE,
/// _FUNNELED, _SERIALIZED or _MULTIPLE.
/// Call:   every rank, once, before any other use of MPI by nodespan.
/// Errors: INVALID_ARGUMENT, FINALIZED, MPI.
NODESPAN_C_API int nodespan_environment_create(int thread_level, nodespan_environment* result);

/// Finalises MPI if the environment has started it, and makes the handle null, as all `free` calls
/// do. Does nothing if the handle is null already.
NODESPAN_C_API int nodespan_environment_free(nodespan_environment* environment);

/// A group of ranks, numbered node by node, over which collective calls are collective.
typedef struct nodespan_team_object* nodespan_team;

/// Groups the ranks of `comm` by node. `ranks_per_node` cuts nodes into simulated ones, to test
/// communication across nodes on one machine. 0: as the environment variable
/// NODESPAN_RANKS_PER_NODE says; real nodes if it is not set. `comm` may be freed afterwards. The
/// second function takes Fortran's handles.
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

/// Ends the handle. Arrays keep what they need of their team, so they may be freed before or after
/// it.
/// Call:   collective over the team, before MPI_Finalize; after MPI_Finalize it leaks the team and
///         succeeds.
NODESPAN_C_API int nodespan_team_free(nodespan_team* team);

/// The number of this rank, and how many ranks there are; the same for nodes, and inside this node.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_team_rank(nodespan_team team, int* rank);
NODESPAN_C_API int nodespan_team_size(nodespan_team team, int* size);
NODESPAN_C_API int nodespan_team_node(nodespan_team team, int* node);
NODESPAN_C_API int nodespan_team_nodes(nodespan_team team, int* nodes);
NODESPAN_C_API int nodespan_team_node_rank(nodespan_team team, int* node_rank);
NODESPAN_C_API int nodespan_team_node_size(nodespan_team team, int* node_size);

/// The node of a rank, and the rank's number in the communicator from which the team was made.
/// Call:   any rank alone.
/// Errors: OUT_OF_RANGE.
NODESPAN_C_API int nodespan_team_node_of(nodespan_team team, int rank, int* node);
NODESPAN_C_API int nodespan_team_comm_rank(nodespan_team team, int rank, int* comm_rank);

/// The communicators of all ranks in team order, and of the ranks of this node. They belong to the
/// team: use them for messages as you like, but do not free them. Also as Fortran's handles.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_team_comm(nodespan_team team, MPI_Comm* comm);
NODESPAN_C_API int nodespan_team_node_comm(nodespan_team team, MPI_Comm* comm);
NODESPAN_C_API int nodespan_team_comm_f(nodespan_team team, MPI_Fint* comm);
NODESPAN_C_API int nodespan_team_node_comm_f(nodespan_team team, MPI_Fint* comm);

/// Ends an epoch: what any rank wrote before, directly or by transfers, is visible to all ranks
/// after it. node_fence does so for the ranks of this node, and for what they wrote directly.
/// Call:   collective over the team; over the node for node_fence.
/// Errors: PEER_LOST, MPI: on all ranks.
/// Cost:   one node: some loads and stores. Otherwise also a barrier between leaders, and a round
///         trip to each node to which this rank has sent something.
NODESPAN_C_API int nodespan_team_fence(nodespan_team team);
NODESPAN_C_API int nodespan_team_node_fence(nodespan_team team);

/// Lets MPI serve other nodes' transfers to this node: leaders call it now and then in long
/// computations.
/// Call:   any rank alone.
/// Cost:   some 100 ns.
NODESPAN_C_API int nodespan_team_progress(nodespan_team team);

#endif
