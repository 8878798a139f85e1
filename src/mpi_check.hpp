#pragma once

#include "nodespan/detail/export.hpp"

#include <mpi.h>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Throws an error of the MPI category naming `operation` unless `code` is MPI_SUCCESS.
void mpi_check(int code, const char* operation);

/// Whether MPI may be called now: initialised and not finalised.
bool mpi_is_alive() noexcept;

/// Throws errc::not_initialized or errc::finalized unless MPI may be called now.
void require_mpi(const char* operation);

} // namespace detail
} // namespace nodespan
