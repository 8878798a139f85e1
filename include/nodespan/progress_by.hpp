#pragma once

#include "nodespan/detail/requirements.hpp"

namespace nodespan {

/// Who keeps MPI going on a node's leader for the transfers of other nodes, where the network does
/// not write to memory by itself.
enum class progress_by {
    as_set, ///< As the environment variable NODESPAN_PROGRESS_BY says: `calls` if it is not set.
    calls,  ///< The leader's own calls: a leader that computes lets other nodes wait.
    thread, ///< A thread on each leader. Needs MPI_THREAD_MULTIPLE.
    /// The same thread under MPI_THREAD_SERIALIZED, as Open MPI 4 needs it over TCP: it enters MPI
    /// only between the library's calls. The program itself calls no MPI function while such a team
    /// lives.
    serialized_thread
};

} // namespace nodespan
