#pragma once

#include <functional>

namespace nodespan::detail {

/// From now on calls notice that MPI_Finalize has begun, and that this process is a fork.
/// Call:   where MPI is initialised; again is fine.
/// Source: MPI 3.1 section 8.7.1 (user functions at process termination).
void watch_mpi() noexcept;

/// What a thread that may not call MPI has to tell others: `notice`, which only starts sending, is
/// called by a thread that may, when that waits next, or at the begin of MPI_Finalize.
void owe(std::function<void()> notice) noexcept;

/// Whether anything is owed; and calls it.
/// Call:   a thread that may call MPI.
bool has_debts() noexcept;
void pay_debts() noexcept;

} // namespace nodespan::detail
