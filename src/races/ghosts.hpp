#pragma once

#include "far.hpp"
#include "ghost_plan.hpp"

#include <map>
#include <tuple>
#include <vector>

namespace nodespan::detail::race {

/// Where the elements of an array lie that are ghosts as well, and when they were exchanged.
struct ghost_watch {
    std::vector<ghost_piece> sends, receives;
    index_list extents;            // of the whole array
    std::vector<clock_t> fresh_at; // the node's clocks at the last exchange; empty: there was none
    std::uint32_t exchanges = 0;
};

/// Ghosts that have become stale, as the owners' node tells others with a fence: the elements are
/// those of the ghosts, the access is the write, the rank the one who wrote.
using stale_ghosts = std::vector<far_entry>;

/// Names of marks, by writer and place.
struct ghost_marks {
    std::map<std::tuple<std::uint32_t, std::uint16_t, std::uint16_t, std::uint64_t>, record_id> ids;
    std::uint64_t edition = 0; // of the ledger
};

/// What was written to elements of this node since its last meeting with all, and since the last
/// exchange, where these are ghosts.
/// Call:   the leader, when all ranks of the node have settled, before any goes on.
stale_ghosts outdated_ghosts(const known_team& t);

/// Marks ghosts of this node: by what nodes tell, and by writes that came from other nodes.
/// Call:   as above.
void mark_stale(known_team& t, const stale_ghosts& told, const std::vector<far_entry>& writes);

/// How often the array's ghosts were exchanged.
std::uint32_t exchanges_of(const known_team& t, std::uint64_t array) noexcept;

/// A record that stands for a write of another rank, which has left a ghost behind.
inline constexpr std::uint16_t stale_flag = 0x8000;
inline bool is_stale_mark(const record& r) noexcept {
    return (r.what & stale_flag) != 0;
}
inline int writer_of(const record& mark) noexcept {
    return static_cast<int>(mark.clock);
}

} // namespace nodespan::detail::race
