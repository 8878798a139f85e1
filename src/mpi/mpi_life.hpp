#pragma once

#include <functional>

namespace nodespan::detail {

/// Makes calls notice from now on that MPI_Finalize has begun, and that this process is a fork.
/// Call:   while MPI is initialised; may be repeated.
/// Source: MPI 3.1 section 8.7.1 (user functions at process termination).
void watch_mpi() noexcept;

/// Keeps a message that a thread has for other ranks but may not send itself. `notice` only starts
/// sending; a thread that may call MPI runs it when it waits next, or when MPI_Finalize begins.
void owe(std::function<void()> notice) noexcept;

/// Whether there are such messages; and sends them.
/// Call:   a thread that may call MPI.
bool has_debts() noexcept;
void pay_debts() noexcept;

} // namespace nodespan::detail
