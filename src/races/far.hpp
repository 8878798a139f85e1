#pragma once

#include "cells.hpp"
#include "nodespan/box.hpp"

#include <memory>

namespace nodespan::detail {

struct array_location;

namespace race {

/// What this rank has done to elements of other nodes since the last fence, and when.
struct far_entry {
    std::uint64_t array = 0; // its number in the team
    std::int32_t node = 0;   // that holds the elements
    std::int32_t rank = 0, process = 0;
    std::uint32_t row = 0;       // number of the clocks at that time
    std::uint32_t exchanges = 0; // of the array's ghosts, before
    record access;
    box<dynamic_rank> elements;
};
struct far_log {
    std::vector<far_entry> entries;
    std::vector<clock_t> rows; // one after the other
};
std::shared_ptr<far_log> make_far_log(team_core& team);

/// Notes a transfer to or from elements that another node holds.
void note_far(known_team& t, const array_location& place, int node, const box<dynamic_rank>& part,
              const deed& how);

/// Tells all nodes what was noted; leaders look whether it was allowed.
/// Call:   collective over the team, in a meeting of all ranks, before anyone goes on.
void exchange_far(known_team& t);

/// The lock of another node: its clocks lie there.
void hear_far_lock(const lock_gate* gate);
void tell_far_lock(const lock_gate* gate);

} // namespace race
} // namespace nodespan::detail
