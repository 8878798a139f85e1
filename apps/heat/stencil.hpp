#pragma once

#include "problem.hpp"

#include <nodespan/view.hpp>

namespace nodespan::heat {

// One step of the scheme on boxes, for every solver the same, so that results can be the same bits.

/// On which sides of a box neighbours' values have to be waited for, along both directions.
struct open_sides {
    bool low[2] = {false, false};
    bool high[2] = {false, false};
};

/// `whole` without its outermost lines on the open sides: what can be done before the wait ends.
box<2> inside(const box<2>& whole, const open_sides& open);

/// Steps the points of `part`, in indices of `to`. `from` is the old field with one more line on
/// every side: from(i + 1, j + 1) is the point of to(i, j).
void step_box(const problem& p, const view<double, 2>& to, const view<const double, 2>& from,
              const box<2>& part);

/// Steps the points of `to` that are not in `inner`: what had to wait.
void step_around(const problem& p, const view<double, 2>& to, const view<const double, 2>& from,
                 const box<2>& inner);

} // namespace nodespan::heat
