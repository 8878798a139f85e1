#pragma once

#include "nodespan/detail/export.hpp"

#include <memory>
#include <utility>

namespace nodespan::detail {

class team_core;
struct lock_usage;

/// Gives nodespan's own layers access to private parts of the public classes, which declare it as a
/// friend: the state behind a team or an array, and the transfer of a request.
struct access {
    /// The state of a team, which its handles share; for an array, its part that is no template.
    template <class Handle>
    static decltype(auto) core(Handle&& handle) {
        return std::forward<Handle>(handle).core();
    }

    /// An array of a core that belongs to somebody else, who takes it back before the array ends.
    template <class Array, class Core>
    static Array array_of(Core& core) {
        return Array(std::unique_ptr<Core>(&core));
    }
    template <class Array>
    static void take_back(Array& array) noexcept {
        static_cast<void>(array.core_.release());
    }

    /// Another handle of the same team, for objects in its memory, which keep it alive.
    template <class Team>
    static Team another(const Team& team) {
        return Team(team.core());
    }

    /// A started transfer of a team, and its requests that are under way.
    template <class Request>
    static Request start(const std::shared_ptr<team_core>& team, const char* operation) {
        return Request(team, operation);
    }
    template <class Request>
    static decltype(auto) open(Request& request) noexcept {
        return request.open();
    }

    /// Makes this handle of a lock and its copies count their calls in `usage`.
    template <class Mutex>
    static void count_in(Mutex& mutex, lock_usage* usage) noexcept {
        mutex.usage_ = usage;
    }
};

} // namespace nodespan::detail
