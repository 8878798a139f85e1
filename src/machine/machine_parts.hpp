#pragma once

#include "nodespan/machine_info.hpp"

#include <array>
#include <sched.h>
#include <string>
#include <vector>

namespace nodespan::detail {

class team_core;

/// What this rank knows of its node; the node's leader adds what its ranks know together.
struct rank_sight {
    node_info node;
    std::array<unsigned long, sizeof(cpu_set_t) / sizeof(unsigned long)> bound{}; // a bit a thread
};
rank_sight look_around(const team_core& team);

/// What will cause problems, and what to do about it. Depends only on the rest of `info` and on the
/// advice for failing one-sided communication between nodes.
std::vector<std::string> advice_for(const machine_info& info, const std::string& rma_cure);

} // namespace nodespan::detail
