#pragma once

#include "binding.hpp"

namespace nodespan::python {

/// Starts MPI unless it has started already, and sees to its end and to that of the teams.
/// Call: before a team is made. Errors: as environment.
void start_mpi();

/// The communicator that mpi4py gives as a number, and back.
MPI_Comm comm_of(std::uintptr_t handle) noexcept;
std::uintptr_t handle_of(MPI_Comm comm) noexcept;

} // namespace nodespan::python
