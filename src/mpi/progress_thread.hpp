#pragma once

#include "nodespan/progress_by.hpp"

#include <memory>

namespace nodespan::detail {

/// What a team is to do: `option`, or where that is `as_set`, what NODESPAN_PROGRESS_BY says.
/// Errors: errc::invalid_argument: the variable has another value; MPI was started with a thread
///         level that does not do.
progress_by chosen_progress(progress_by option);

/// The thread level of MPI, at least `wanted`, that an environment has to ask for where the
/// variable wants a thread.
int level_for_progress(int wanted) noexcept;

/// The thread that enters MPI for transfers of other ranks to this one, which is a leader: as soon
/// as a socket to another host has something to read, and every 50 us where there is none. There is
/// one a process, for all of its teams. It takes no signals, and ends when the last holder lets go
/// of it, or when MPI_Finalize begins. Under MPI_THREAD_SERIALIZED it takes turns with the
/// library's calls, see mpi_turn.
class progress_thread {
public:
    /// Errors: what pthread_create says.
    static std::shared_ptr<progress_thread> hold();

    /// Ends it for all holders, before MPI does.
    static void end() noexcept;
};

} // namespace nodespan::detail
