#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

class team_core;

/// Which arrays a rank has ended since its team last agreed, in order. Every rank must end the same
/// ones in the same order: a hash tells whether all have, and only where it differs do ranks look
/// for the first difference.
class endings {
public:
    /// Room for the endings of `count` arrays, so that `ended` allocates no list.
    void reserve(std::size_t count);

    /// An array that was the team's number `number` has ended; `text` is for messages.
    void ended(std::uint64_t number, const std::string& text) noexcept;

    /// Equal on all ranks that have ended the same arrays in the same order, all along.
    std::uint64_t hash() const noexcept { return hash_; }

    /// All ranks have come with equal hashes: what was ended before is of no interest any more.
    void agreed() noexcept { list_.clear(); }

    /// Throws errc::mismatched_arguments, naming the first difference; returns where there is none.
    /// Call:   collective over the team.
    void compare(team_core& team) const;

private:
    struct ending {
        std::uint64_t hash = 0; // of all up to this one
        std::uint64_t number = 0;
        std::string text;
    };
    std::uint64_t hash_after(std::size_t count) const noexcept;
    std::string told(std::size_t place) const;

    std::vector<ending> list_;
    std::uint64_t hash_ = 0;
};

} // namespace nodespan::detail
