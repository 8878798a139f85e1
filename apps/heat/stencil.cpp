#include "stencil.hpp"

#include <algorithm>

namespace nodespan::heat {
namespace {

// `middle` is read from -1 to count. Not inlined: one loop that the compiler has made vectors of.
[[gnu::noinline]] void step_row(double* __restrict out, const double* __restrict above,
                                const double* __restrict middle, const double* __restrict below,
                                index_t count, double weight_x, double weight_y) {
    for (index_t j = 0; j < count; ++j)
        out[j] = middle[j] + weight_x * (above[j] - 2 * middle[j] + below[j]) +
                 weight_y * (middle[j - 1] - 2 * middle[j] + middle[j + 1]);
}

} // namespace

box<2> inside(const box<2>& whole, const open_sides& open) {
    box<2> result = whole;
    if (whole.empty()) return result;
    for (std::size_t d = 0; d < 2; ++d) {
        result.lo[d] += open.low[d] ? 1 : 0;
        result.hi[d] = std::max(result.lo[d], result.hi[d] - (open.high[d] ? 1 : 0));
    }
    return result;
}

void step_box(const problem& p, const view<double, 2>& to, const view<const double, 2>& from,
              const box<2>& part) {
    if (part.empty()) return;
    const double weight_x = p.weight_x(), weight_y = p.weight_y();
    const index_t j = part.lo[1];
    for (index_t i = part.lo[0]; i < part.hi[0]; ++i)
        step_row(&to(i, j), &from(i, j + 1), &from(i + 1, j + 1), &from(i + 2, j + 1),
                 part.hi[1] - j, weight_x, weight_y);
}

void step_around(const problem& p, const view<double, 2>& to, const view<const double, 2>& from,
                 const box<2>& inner) {
    const index_t rows = to.extent(0), columns = to.extent(1);
    const auto& [lo, hi] = inner;
    step_box(p, to, from, {{0, 0}, {lo[0], columns}});
    step_box(p, to, from, {{lo[0], 0}, {hi[0], lo[1]}});
    step_box(p, to, from, {{lo[0], hi[1]}, {hi[0], columns}});
    step_box(p, to, from, {{hi[0], 0}, {rows, columns}});
}

} // namespace nodespan::heat
