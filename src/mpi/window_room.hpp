#pragma once

#include "capacity.hpp"
#include "nodespan/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodespan::detail {

/// Where windows of a node lie, as one of its ranks sees it.
struct window_site {
    std::string directory; // of the files behind them
    int rank = 0;          // in the team, as the node is: for messages
    int node = 0;
    bool is_leader = false;  // makes the file; the others map it
    bool is_private = false; // a node of one rank: ordinary memory
};

/// The largest window that this rank could take part in now, once `given_back` bytes are free
/// again; limits that cost time to read are left out where `wanted` is small. A leader looks at
/// its node's memory, every rank at its own address space and file sizes.
std::uint64_t largest_window(const window_site& site, std::uint64_t wanted,
                             std::uint64_t given_back = 0);

/// Why this rank cannot take part in a window of `bytes` bytes for `what`; nothing if it can. MPI
/// libraries hang where a window fails on some ranks only: so ranks look first, and agree.
/// Cost:   some tens of microseconds.
std::optional<error> refuse_window(const window_site& site, std::uint64_t bytes,
                                   const std::string& what, std::uint64_t given_back = 0);

/// Why `bytes` bytes of new pages in a window that is there cannot be had. A leader brings what its
/// node needs, the others what they need themselves, which counts where they have a cgroup of their
/// own.
std::optional<error> refuse_pages(const window_site& site, std::uint64_t bytes,
                                  const std::string& what);

/// Why the memory of a window cannot be shown to other nodes. Where a network card may be there
/// that locks what it serves (`may_register`), the leader's limit of locked memory counts.
std::optional<error> refuse_exposure(const window_site& site, std::uint64_t bytes,
                                     bool may_register);

/// What there is, for the message of an MPI call that failed although nothing stood against it.
std::string state_of_limits(const window_site& site);

/// How much more memory this process may lock: unlimited where it has the right to, or where no
/// network card is listed in `cards` that would ask for it.
capacity locked_capacity(const std::string& cards = "/sys/class/infiniband");

} // namespace nodespan::detail
