#pragma once

#include "nodespan/detail/export.hpp"

#include <memory>
#include <utility>

namespace nodespan::detail {

class team_core;
struct lock_usage;

/// The way of nodespan's own layers into the public classes, which have it for a friend: what
/// stands behind a team or an array, what a request waits for.
struct access {
    /// The state of a team, which handles share; the run-time half of an array.
    template <class Handle>
    static decltype(auto) core(Handle&& handle) noexcept {
        return std::forward<Handle>(handle).core();
    }

    /// Another handle of the same team, for what lies in its memory and so keeps it alive.
    template <class Team>
    static Team another(const Team& team) {
        return Team(team.core());
    }

    /// A started transfer of a team, and its part that is under way.
    template <class Request>
    static Request start(const std::shared_ptr<team_core>& team, const char* operation) {
        return Request(team, operation);
    }
    template <class Request>
    static decltype(auto) open(Request& request) noexcept {
        return request.open();
    }

    /// Counts in `usage` what this handle of a lock and its copies lock.
    template <class Mutex>
    static void count_in(Mutex& mutex, lock_usage* usage) noexcept {
        mutex.usage_ = usage;
    }
};

} // namespace nodespan::detail
