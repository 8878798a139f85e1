#pragma once

#include "arena.hpp"

#include <optional>
#include <string>

namespace nodespan::detail {

/// A block of a team's memory for as long as this lives: taken at the begin, given back at the end,
/// counted in between where a usage report is wanted. The team must outlive it.
class shared_block {
public:
    /// What a usage report calls it.
    struct label {
        std::string name, type;
        index_list extents;
    };

    /// Call, errors: see arena::allocate.
    shared_block(team_core& team, const std::optional<error>& refused, const block_request& request,
                 const label& what);

    /// Waits for nobody: see arena::free.
    ~shared_block();

    shared_block(const shared_block&) = delete;            // two would give it back twice
    shared_block& operator=(const shared_block&) = delete; // two would give it back twice

    std::byte* data() const noexcept { return place_.data; }

    /// Where calls are counted; null where they are not.
    array_usage* usage() const noexcept { return usage_; }

private:
    team_core& team_;
    block place_;
    array_usage* usage_ = nullptr;
};

} // namespace nodespan::detail
