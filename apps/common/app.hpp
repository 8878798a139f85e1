#pragma once

#include <CLI/CLI.hpp>
#include <nodespan/team.hpp>

#include <functional>

namespace nodespan::app {

/// What our programs return.
enum exit_code : int {
    good = 0,
    failed = 1,
    bad_usage = 2,
    stopped = 85, ///< On request, after a checkpoint: to be resumed.
};

/// Runs a program from the start of MPI to its end: parses the options on every rank, makes the
/// team of all ranks, runs `body`, and returns what main should return.
///
/// Only rank 0 prints help, the version and complaints about options. What leaves `body` ends the
/// program with `failed`, as nodespan::run has it, with the program's name. Where standard output
/// could not be written, a rank whose `body` was good returns `failed` (standard_output.hpp).
/// Call:   every rank, once, from main. Works without mpirun, as one rank.
int run_app(int argc, char** argv, CLI::App& options, const std::function<int(team&)>& body);

} // namespace nodespan::app
