#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/environment.hpp"
#include "nodespan/team.hpp"

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// As run, whose messages begin with `name`.
int run_program(int& argc, char**& argv, thread_level wanted, const std::function<int(team&)>& body,
                const std::string& name = "nodespan", const team_options& options = {});

} // namespace detail

/// A whole program: starts MPI, makes the team of all ranks, runs `body` on it, and returns what
/// main should: what `body` returns, 0 if that is nothing, 1 after an error on any rank.
///
/// An error that leaves `body` is one line on standard error: once where all ranks threw it
/// together, with the numbers of the ranks where some threw it alone. Ranks that wait for one that
/// threw alone get errc::peer_lost, which is not shown beside its cause. Where they do not come
/// within two seconds (they compute, or wait in MPI itself), the job is ended by MPI_Abort.
/// With NODESPAN_TRACE=1 in the environment nothing is caught, so that MPI or a debugger shows
/// where it was thrown.
///
///     int main(int argc, char** argv) {
///         return nodespan::run(argc, argv, [](nodespan::team& everyone) { ... });
///     }
///
/// With `options` the team is made of these; where they want a thread for progress, MPI is asked
/// for the level that this needs.
///
/// Call:   every rank, once, from main; also without mpirun, as one rank. Host codes that own MPI
///         make a team instead.
/// Errors: none; they become the exit code.
/// Cost:   that of an environment and a team, and a small gather at the end.
/// Source: MPI 3.1 section 5.5 (gather), 8.7 (startup, MPI_Abort).
template <std::invocable<team&> Body>
[[nodiscard]] int run(int& argc, char**& argv, const team_options& options, Body&& body,
                      thread_level wanted = thread_level::funneled) {
    using result = std::invoke_result_t<Body, team&>;
    static_assert(std::is_void_v<result> || std::same_as<result, int>,
                  "nodespan::run: the program returns an exit code, int, or nothing");
    const auto whole = [&body](team& everyone) {
        if constexpr (std::is_void_v<result>)
            return std::forward<Body>(body)(everyone), 0;
        else
            return std::forward<Body>(body)(everyone);
    };
    return detail::run_program(argc, argv, wanted, whole, "nodespan", options);
}
template <std::invocable<team&> Body>
[[nodiscard]] int run(int& argc, char**& argv, Body&& body,
                      thread_level wanted = thread_level::funneled) {
    return run(argc, argv, team_options{}, std::forward<Body>(body), wanted);
}

} // namespace nodespan
