#pragma once

namespace nodespan::detail {

/// A leader of a team of several nodes is the target of transfers, and has to keep MPI going
/// whatever its process waits for: also while it waits in another team, of which it may not be a
/// leader, or in another copy of this library, such as one linked into each of two shared objects.
///
/// So the number of such teams is kept for the process, and every copy reads it. Threads for which
/// MPI forbids it do not serve: see thread_rule::may_call_mpi.

/// Makes the waits of this copy read the number.
/// Call:   when a team is made; may be repeated.
void watch_led_teams() noexcept;

/// Notes that this process leads one team more, or one less. Needs watch_led_teams().
void start_serving() noexcept;
void stop_serving() noexcept;

/// Lets MPI serve other ranks, once.
/// Call:   a thread that may call MPI now.
void enter_mpi() noexcept;

} // namespace nodespan::detail
