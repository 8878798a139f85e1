#pragma once

namespace nodespan::detail {

/// Sets the function that ends the job: MPI_Abort, once MPI is initialised. It belongs to the
/// process, not to a team, because a line of the watchdog may have to end the job where no team is
/// at hand.
void set_abort(void (*end_job)()) noexcept;

/// Ends the job: all ranks if MPI is initialised, otherwise this process.
[[noreturn]] void end_job() noexcept;

} // namespace nodespan::detail
