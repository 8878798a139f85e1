#pragma once

#include "nodespan/detail/process_state.hpp"

#include <string>

namespace nodespan::detail {

/// Has forks noticed from now on, and lets `is_finalized` decide once the process is ending. Again
/// is fine.
void watch_process(bool (*is_finalized)() noexcept);

/// MPI_Finalize has begun: calls may go on until `is_finalized` says that it is over.
void note_ending() noexcept;

/// What a call is told in a fork, and after MPI_Finalize.
[[noreturn]] void refuse_process(const std::string& operation);

} // namespace nodespan::detail
