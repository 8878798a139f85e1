#pragma once

#include "arena.hpp"

#include <optional>
#include <string>

namespace nodespan::detail {

/// Owns a block of a team's memory: takes it at the begin and gives it back at the end. Counts
/// calls if a usage report is wanted. The team must outlive it.
class shared_block {
public:
    /// The name in a usage report.
    struct label {
        std::string name, type;
        index_list extents;
    };

    /// Call, errors: see arena::allocate.
    shared_block(team_core& team, const std::optional<error>& refused, const block_request& request,
                 const label& what);

    /// Does not wait for other ranks: see arena::free.
    ~shared_block();

    shared_block(const shared_block&) = delete;            // one block has one owner
    shared_block& operator=(const shared_block&) = delete; // one block has one owner

    std::byte* data() const noexcept { return block_.data; }

    /// The counters of its calls; null if no report is wanted.
    array_usage* usage() const noexcept { return usage_; }

private:
    team_core& team_;
    block block_;
    array_usage* usage_ = nullptr;
};

} // namespace nodespan::detail
