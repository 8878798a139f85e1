#pragma once

#include "nodespan/detail/process_state.hpp"

#include <string>

namespace nodespan::detail {

/// Makes this process notice forks from now on, and lets `is_finalized` decide once the process is
/// ending. May be called again.
void watch_process(bool (*is_finalized)() noexcept);

/// Notes that MPI_Finalize has begun. Calls may go on until `is_finalized` says that it is over.
void note_ending() noexcept;

/// Throws the error of a call in a fork, or after MPI_Finalize.
[[noreturn]] void refuse_process(const std::string& operation);

} // namespace nodespan::detail
