#pragma once

#include "nodespan/array.hpp"

#include <string>

namespace nodespan {

/// A ticket counter that all ranks of a team share: whoever asks gets the next numbers, nobody gets
/// a number twice, none is left out. What dynamic distribution of work is made of.
class counter {
public:
    /// Counts from `first`, which is the same on all ranks.
    /// Call: collective over the team. Errors: as an array's.
    explicit counter(team& team, index_t first = 0) : ticket_(team, {1}, {.name = "counter"}) {
        reset(first);
    }

    /// The first of `chunk` numbers that are the caller's alone.
    /// Call:   any rank alone. Errors: errc::invalid_argument (chunk below 1), MPI category.
    /// Cost:   one node: an atomic instruction. Several: a round trip.
    index_t next(index_t chunk = 1) {
        if (chunk < 1)
            throw error(errc::invalid_argument,
                        "counter::next(" + std::to_string(chunk) + "): needs at least 1");
        return ticket_.fetch_add({0}, chunk);
    }

    /// Counts from `first` again. Call: collective over the team; a fence. Errors: as team::fence.
    void reset(index_t first = 0) {
        ticket_.fence(); // nobody is counting any more
        if (ticket_.get_team().rank() == 0) ticket_.put({0}, first);
        ticket_.fence();
    }

private:
    array<index_t, 1> ticket_;
};

} // namespace nodespan
