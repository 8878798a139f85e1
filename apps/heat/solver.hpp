#pragma once

#include "stencil.hpp"

#include <nodespan/array.hpp>

#include <array>

namespace nodespan::heat {

/// The equation over a team: two arrays with one ghost layer, taken in turns.
class solver {
public:
    /// Starts at time 0. Call: collective over the team, as step().
    solver(team& everyone, const problem& p, const distribution_options& cut);

    /// One step in time.
    ///
    /// One exchange of ghosts is all the synchronisation it takes. It starts when all ranks of the
    /// node have come: so what they wrote in the last step may be read, and what they read then,
    /// which is written now, is read no more. It is finished when other nodes' edges are here and
    /// ours have left; meanwhile each rank steps the points that are no neighbours of ghosts.
    void step();

    array<double, 2>& field() noexcept { return fields_[now_]; }

private:
    problem problem_;
    std::array<array<double, 2>, 2> fields_;
    std::size_t now_ = 0;
    box<2> inner_; // what of my box needs no ghosts
};

} // namespace nodespan::heat
