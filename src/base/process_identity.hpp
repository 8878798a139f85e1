#pragma once

#include "nodespan/detail/export.hpp"

#include <cstdint>
#include <string>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// What tells a process from all others, also from a later one that has its number.
struct process_identity {
    std::string boot;          ///< the kernel's number of its start; empty: unknown
    std::string pid_space;     ///< in which the process has its number; empty: unknown
    std::int64_t pid = 0;      ///< its number there
    std::uint64_t started = 0; ///< when, in the kernel's ticks; 0: unknown

    /// This process.
    static process_identity self();

    bool operator==(const process_identity&) const = default;

    /// Whether no process has this number any more, or another one. Of processes in another space
    /// of numbers nothing is known: see has_space_of.
    bool has_ended() const;

    /// Whether both have their numbers in the same space of the same machine.
    bool has_space_of(const process_identity& other) const {
        return !boot.empty() && boot == other.boot && !pid_space.empty() &&
               pid_space == other.pid_space;
    }
};

} // namespace detail
} // namespace nodespan
