#pragma once

#include "finding.hpp"

#include <nlohmann/json.hpp>
#include <nodespan/machine_info.hpp>
#include <nodespan/team.hpp>

#include <cstdint>
#include <string>

namespace nodespan::info {

class probe_guard;

/// Judges what is known of the machine already. Pure functions of `info` and the limit, in bytes.
void check_job(const machine_info& info, findings& found);
void check_nodes(const machine_info& info, findings& found);
finding check_locked_memory(bool has_cards, std::uint64_t limit);

/// Judges all that, and tries what nodespan needs of MPI by plain calls of MPI on windows of this
/// program's own: inside a node shared windows, between nodes (between ranks, where there is one
/// node) everything else. `guard` ends what hangs or crashes.
/// Call: collective over the team; the findings are on rank 0. Errors: MPI category, where ranks
/// cannot even tell each other what they found.
findings check(team& team, const machine_info& info, probe_guard& guard);

/// A line each, with the cure below it where there is one, and a summary.
std::string to_text(const findings& found);
nlohmann::ordered_json to_json(const findings& found);

/// Whether nothing is wrong.
bool is_well(const findings& found);

} // namespace nodespan::info
