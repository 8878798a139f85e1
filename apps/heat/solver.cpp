#include "solver.hpp"

namespace nodespan::heat {
namespace {

// Ghosts outside of an array that is not periodic stay 0: the value at the edge of the square.
array<double, 2> make_field(team& everyone, const problem& p, const distribution_options& cut) {
    array_options options;
    options.name = "temperature";
    options.distribution = cut;
    options.ghosts = {{1, 1}, {p.is_periodic, p.is_periodic}};
    return {everyone, {p.rows, p.columns}, options};
}

// My box, in its own indices.
box<2> whole(const array<double, 2>& field) {
    return {{}, field.rank_box().extents()};
}

// A side is open where my box ends at its node's edge and the field goes on behind it.
open_sides sides_of(const array<double, 2>& field, bool is_periodic) {
    const box<2> mine = field.rank_box(), node = field.node_box();
    open_sides result;
    for (std::size_t d = 0; d < 2; ++d) {
        result.low[d] = mine.lo[d] == node.lo[d] && (is_periodic || node.lo[d] > 0);
        result.high[d] =
            mine.hi[d] == node.hi[d] && (is_periodic || node.hi[d] < field.extents()[d]);
    }
    return result;
}

} // namespace

solver::solver(team& everyone, const problem& p, const distribution_options& cut)
    : problem_(p),
      fields_{make_field(everyone, p, cut), make_field(everyone, p, cut)},
      inner_(inside(whole(field()), sides_of(field(), p.is_periodic))) {
    const std::vector<double> start = scheme_amplitudes(p, 0);
    const view<double, 2> mine = field().local();
    const box<2> where = field().rank_box();
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < mine.extent(1); ++j)
            mine(i, j) = value(p, start, where.lo[0] + i, where.lo[1] + j);
}

void solver::step() {
    array<double, 2>& old = fields_[now_];
    now_ = 1 - now_;
    const view<const double, 2> from = std::as_const(old).local_with_ghosts();
    const view<double, 2> to = field().local();
    old.start_exchange_ghosts();
    step_box(problem_, to, from, inner_);
    old.finish_exchange_ghosts();
    step_around(problem_, to, from, inner_);
}

} // namespace nodespan::heat
