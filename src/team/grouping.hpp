#pragma once

#include "blocking_watch.hpp"

#include <mpi.h>

namespace nodespan::detail {

/// How the ranks of a communicator are grouped: ranks with equal labels share memory.
struct grouping {
    int label = 0;
    bool oversubscribed = false;
    bool on_one_host = false; // all ranks of the communicator really share memory
};

/// Groups the ranks of `comm` by node, cut into nodes of `ranks_per_node` unless that is 0.
/// Call:   collective over `comm`.
/// Errors: MPI category, on all ranks.
grouping group_by_node(MPI_Comm comm, int ranks_per_node);

/// The rank that waits, and for whom, in messages about a communicator whose nodes are not known
/// yet.
waiter waiter_of(MPI_Comm comm);
inline constexpr const char* others_of_comm = "other ranks of its communicator";

} // namespace nodespan::detail
