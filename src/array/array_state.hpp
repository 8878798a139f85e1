#pragma once

#include "ghost_exchange.hpp"
#include "locked_combine.hpp"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/mutex.hpp"
#include "published_array.hpp"
#include "rma_gate.hpp"
#include "transfer.hpp"
#include "watchdog.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace nodespan::detail {

/// What the header of array_core does not show: where the elements are, and what was made for them.
struct array_state {
    struct lock_of_node {
        std::unique_ptr<rma_gate> gate; // in teams of several nodes
        mutex handle;
    };

    array_location location;
    std::atomic<bool> has_claimed = false; // atomics
    lock_of_node own;
    lock_waiter me;
    std::mutex making; // threads may ask for locks, and attach, at the same time
    std::map<int, lock_of_node> others;
    std::unique_ptr<ghost_exchange> ghosts;
    std::optional<combining_locks> combining; // over several nodes
    std::shared_ptr<array_attachment> attached;
    std::unique_ptr<published_array> published; // on leaders, where somebody may look from outside
};

} // namespace nodespan::detail
