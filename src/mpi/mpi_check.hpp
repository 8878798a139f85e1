#pragma once

#include "nodespan/detail/export.hpp"

#include <mpi.h>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Throws an error of the MPI category naming `operation` unless `code` is MPI_SUCCESS.
void mpi_check(int code, const char* operation);

/// Whether this process may call MPI now: initialised, not finalised, and no fork of a rank.
bool mpi_is_alive() noexcept;

/// Throws errc::not_initialized, errc::finalized or, in a fork, errc::wrong_thread, unless it is
/// so.
void require_mpi(const char* operation);

} // namespace detail
} // namespace nodespan
