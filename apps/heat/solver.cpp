#include "solver.hpp"

namespace nodespan::heat {
namespace {

// Ghosts outside of an array that is not periodic stay 0: the value at the edge of the square.
array<double, 2> make_field(team& everyone, const problem& p, const distribution_options& cut) {
    array_options options;
    options.distribution = cut;
    options.ghosts = {{1, 1}, {p.is_periodic, p.is_periodic}};
    return {everyone, {p.rows, p.columns}, options};
}

} // namespace

solver::solver(team& everyone, const problem& p, const distribution_options& cut)
    : problem_(p),
      fields_{make_field(everyone, p, cut), make_field(everyone, p, cut)} {
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
    old.exchange_ghosts();
    const view<const double, 2> from = std::as_const(old).local_with_ghosts();
    const view<double, 2> to = field().local();
    for (index_t i = 0; i < to.extent(0); ++i)
        step_row(to.row(i).data_handle(), &from(i, 1), &from(i + 1, 1), &from(i + 2, 1),
                 to.extent(1), problem_.weight_x(), problem_.weight_y());
}

} // namespace nodespan::heat
