#pragma once

#include "frame.hpp"
#include "settings.hpp"

#include <nodespan/array.hpp>

#include <cstdint>
#include <span>

namespace nodespan::acquire {

/// Every k-th frame, kept in an array that all ranks of the node share, until it is saved.
class storage {
public:
    /// Call: collective over the team. Errors: as array's constructor.
    storage(team& everyone, const settings& chosen);

    /// Whether this consumer keeps a frame that it got: where all get it, they take turns.
    bool wants(std::uint64_t sequence) const;
    void keep(std::span<const sample> frame, std::uint64_t sequence);

    /// Writes `frames` and their numbers, `sequence`, -1 where a frame was lost, of a run of so
    /// many frames. Call: collective. Errors: as nodespan::save.
    void save(std::uint64_t frames);

private:
    const settings& chosen_;
    array<sample, 2> frames_;
    array<std::int64_t, 1> numbers_;
    std::uint64_t consumers_, me_;
};

} // namespace nodespan::acquire
