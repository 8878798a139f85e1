#pragma once

#include <functional>
#include <string>

/// Makes chosen MPI calls of this process fail: the call is carried out, so that other ranks are
/// not left waiting, and then an error is returned in place of its result.
namespace interposer {

/// Counts calls from here on, and fails number `call` (1 is the next); 0 only counts. With
/// `shared_only` it counts just the calls that all ranks make alike, so that all can fail the same.
void fail_call(int call, bool shared_only = false);

/// Stops failing; returns how many calls were counted.
int stop();

/// The name of the call that failed last, or "".
std::string failed();

} // namespace interposer
