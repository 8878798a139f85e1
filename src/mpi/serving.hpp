#pragma once

namespace nodespan::detail {

/// A leader of a team of several nodes is the target of their transfers, and has to keep MPI going
/// whatever its process waits for: also in another team, of which it may be no leader, and in
/// another copy of this library, such as one linked into each of two shared objects.
///
/// So the number of such teams is the process's, and every copy looks at it. Threads that MPI
/// forbids to serve do not: see thread_rule::may_call_mpi.

/// Has waits of this copy look.
/// Call:   when a team is made; again is fine.
void watch_led_teams() noexcept;

/// This process leads one team more, or one less. After watch_led_teams().
void start_serving() noexcept;
void stop_serving() noexcept;

} // namespace nodespan::detail
