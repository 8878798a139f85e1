#pragma once

#include <functional>
#include <string>

/// Makes chosen MPI calls of this process fail: the call is carried out, so that other ranks are
/// not left waiting, and then an error is returned in place of its result.
namespace interposer {

/// Counts calls from here on, and fails number `call` (1 is the next); 0 only counts.
void fail_call(int call);

/// Stops failing; returns how many calls were counted.
int stop();

/// The name of the call that failed last, or "".
std::string failed();

} // namespace interposer
