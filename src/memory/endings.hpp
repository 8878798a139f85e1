#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

class team_core;

/// The arrays that a rank has ended since its team last agreed, in order. Every rank must end the
/// same arrays in the same order. A hash tells whether all have done so; only if hashes differ do
/// ranks look for the first difference.
class endings {
public:
    /// Reserves room for the endings of `count` arrays, so that `ended` need not allocate.
    void reserve(std::size_t count);

    /// Notes that the team's array number `number` has ended; `text` is for messages.
    void ended(std::uint64_t number, const std::string& text) noexcept;

    /// A hash of all endings so far: equal on ranks that have ended the same arrays in the same
    /// order.
    std::uint64_t hash() const noexcept { return hash_; }

    /// All ranks have met with equal hashes: the earlier endings are no longer needed.
    void agreed() noexcept { list_.clear(); }

    /// Throws errc::mismatched_arguments, naming the first difference; returns where there is none.
    /// Call:   collective over the team.
    void compare(team_core& team) const;

private:
    struct ending {
        std::uint64_t hash = 0; // of all endings up to this one
        std::uint64_t number = 0;
        std::string text;
    };
    std::uint64_t hash_after(std::size_t count) const noexcept;
    std::string told(std::size_t position) const;

    std::vector<ending> list_;
    std::uint64_t hash_ = 0;
};

} // namespace nodespan::detail
