#pragma once

#include "capacity.hpp"
#include "nodespan/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodespan::detail {

/// Where windows of a node lie, as seen by one of its ranks.
struct window_site {
    std::string directory; // of the files behind them
    int rank = 0;          // in the team, like the node: for messages
    int node = 0;
    bool is_leader = false;    // makes the file; the others map it
    bool is_private = false;   // a node of one rank: ordinary memory
    bool shares_cores = false; // more ranks than cores
};

/// The largest window in which this rank could take part now, once `given_back` bytes are free
/// again. Limits that take time to read are left out if `wanted` is small. A leader looks at the
/// memory of its node, every rank at its own address space and at the limit for file sizes.
std::uint64_t largest_window(const window_site& site, std::uint64_t wanted,
                             std::uint64_t given_back = 0);

/// Why this rank cannot take part in a window of `bytes` bytes for `what`; nothing if it can. MPI
/// libraries hang if a window fails on some ranks only: so ranks look first, and agree.
/// Cost:   some tens of microseconds.
std::optional<error> refuse_window(const window_site& site, std::uint64_t bytes,
                                   const std::string& what, std::uint64_t given_back = 0);

/// Why there is no memory for `bytes` bytes of new pages in an existing window; nothing if there
/// is. A leader passes what its node needs; the others pass what they need themselves, which counts
/// if they have a cgroup of their own.
std::optional<error> refuse_pages(const window_site& site, std::uint64_t bytes,
                                  const std::string& what);

/// Why the memory of a window cannot be exposed to other nodes. If a network card may lock the
/// memory that it serves (`may_register`), the leader's limit of locked memory counts.
std::optional<error> refuse_exposure(const window_site& site, std::uint64_t bytes,
                                     bool may_register);

/// The state of all limits, for the message of an MPI call that failed although no limit was in its
/// way.
std::string state_of_limits(const window_site& site);

/// How much more memory this process may lock: unlimited where it has the right to.
capacity lockable_capacity();

/// The same where a network card is listed in `cards` that would ask for it; else unlimited.
capacity locked_capacity(const std::string& cards = "/sys/class/infiniband");

} // namespace nodespan::detail
