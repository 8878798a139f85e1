#pragma once

namespace nodespan::detail {

/// What ends the job: MPI_Abort, once there is MPI. It belongs to the process, not to a team: a
/// line of the watchdog may have to end it where no team is at hand.
void set_abort(void (*end_job)()) noexcept;

/// Ends it: all ranks, where there is MPI, else this process.
[[noreturn]] void end_job() noexcept;

} // namespace nodespan::detail
