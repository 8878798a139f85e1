#pragma once

#include <chrono>

namespace nodespan::detail {

/// Whether somebody else computes on the core of this process: a rank that shares it, or another
/// program.
///
/// A process that calls sched_yield() then waits for a whole slice of the other one, some
/// milliseconds: Linux 6.6 and later place it behind all slices that others have left. It goes
/// ahead of them where it has slept, be it for some microseconds. So a wait that has lost its core
/// once sleeps shortly between its tries instead of offering the core again. MPI yields by itself
/// between tries that find nothing, if it is told to (mpi_yield_when_idle); therefore waits for MPI
/// look whether a try has lost the core, and sleep first, so that the try finds what has arrived
/// meanwhile.
///
/// What one wait has found out holds for all waits of this process for 50 ms. Then the next one
/// tries anew, which costs one slice if nothing has changed.
namespace contention {

using clock = std::chrono::steady_clock;

/// To be called after a try that began at `begin`. Notes whether the core was lost meanwhile: the
/// try took more than 300 us, and the kernel has switched to somebody else in this time.
/// Cost:   reads a clock; a system call after a long try.
/// Source: getrusage(2), ru_nivcsw, which counts the switches of sched_yield() too.
void look(clock::time_point begin) noexcept;

/// Whether the core was lost a short time ago.
bool is_likely() noexcept;

/// Sleeps for some 20 us and what the kernel's timer adds.
void nap() noexcept;

} // namespace contention
} // namespace nodespan::detail
