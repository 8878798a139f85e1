#pragma once

#include "nodespan/detail/export.hpp"

namespace nodespan::detail {

/// Under MPI_THREAD_SERIALIZED one thread of a process may be in MPI at a time. So where the
/// library has a thread of its own there (progress_thread), its calls and that thread take turns: a
/// call has the turn from its begin to its end, and whatever it waits for, it keeps MPI going.
///
/// An object of this class is one such call, as long as it lives; calls inside it belong to it.
/// Without such a thread it counts, and no more. Exported for nodespan_hdf5.
/// Cost:   some ns; with the thread, an atomic instruction, and a wait of some microseconds now and
///         then.
class NODESPAN_EXPORT mpi_turn {
public:
    mpi_turn() noexcept { enter(); }
    ~mpi_turn() { leave(); }
    mpi_turn(const mpi_turn&) = delete;            // for one scope
    mpi_turn& operator=(const mpi_turn&) = delete; // for one scope

    /// The same without an object.
    static void enter() noexcept;
    static void leave() noexcept;

    /// How many calls this thread is in.
    static unsigned depth() noexcept;

    /// From begin_turns() until end_turns() has been called as often, which are_taken() tells,
    /// calls take turns with those for whom try_take() is true, who are done with give_back(). A
    /// call that begins turns has the turn from then on.
    static void begin_turns() noexcept;
    static void end_turns() noexcept;
    static bool are_taken() noexcept;
    static bool try_take() noexcept;
    static void give_back() noexcept;
};

} // namespace nodespan::detail
