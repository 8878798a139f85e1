#pragma once

#include <nodespan/team.hpp>

namespace nodespan::app {

/// Catches SIGUSR1 from now on, which batch systems send some time before a job's end: it no longer
/// ends this process, but is remembered. The library itself never touches signals.
/// Call: any rank alone, for the whole process.
void catch_stop_requests();

/// Whether any rank has been sent one, however they were sent: all ranks hear the same.
/// Call: collective. Cost: an all-reduce of one number.
bool is_stop_requested(const team& everyone);

} // namespace nodespan::app
