#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <algorithm>

namespace nodespan::bench {
namespace {

constexpr index_t element_bytes = sizeof(double);

// Each loop twice, by a view's indices and by a pointer's: never inlined, so that neither is
// compiled into its surroundings. What the compiler makes of them is compared by a test as well.
[[gnu::noinline]] void saxpy(view<double, 1> y, view<const double, 1> x, double a) {
    for (index_t i = 0; i < y.extent(0); ++i) y(i) += a * x(i);
}
[[gnu::noinline]] void saxpy(double* y, const double* x, index_t count, double a) {
    for (index_t i = 0; i < count; ++i) y[i] += a * x[i];
}

[[gnu::noinline]] void stencil(view<double, 2> to, view<const double, 2> from) {
    for (index_t i = 1; i + 1 < to.extent(0); ++i)
        for (index_t j = 1; j + 1 < to.extent(1); ++j)
            to(i, j) = from(i, j) + 0.1 * (from(i - 1, j) + from(i + 1, j) + from(i, j - 1) +
                                           from(i, j + 1) - 4 * from(i, j));
}
[[gnu::noinline]] void stencil(double* to, const double* from, index_t rows, index_t length) {
    for (index_t i = 1; i + 1 < rows; ++i)
        for (index_t j = 1; j + 1 < length; ++j)
            to[i * length + j] = from[i * length + j] +
                                 0.1 * (from[(i - 1) * length + j] + from[(i + 1) * length + j] +
                                        from[i * length + j - 1] + from[i * length + j + 1] -
                                        4 * from[i * length + j]);
}

// Both ways on the same memory: what is compared is the access, not where pages lie.
void measure_saxpy(lines& result, team& team, index_t bytes) {
    const index_t count = bytes / element_bytes;
    array<double, 1> y(team, {count * team.size()}), x(team, {count * team.size()});
    const auto to = y.local();
    const view<const double, 1> from = x.local();
    result.add("y += a * x, local()", text_of_bytes(bytes) + " a rank", "pointers",
               on_all(team, [=] { saxpy(to, from, 0.5); }),
               on_all(team, [=] { saxpy(to.data_handle(), from.data_handle(), count, 0.5); }));
}

void measure_stencil(lines& result, team& team, index_t bytes, index_t length) {
    const index_t rows = bytes / element_bytes / length;
    array<double, 2> next(team, {rows * team.size(), length});
    array<double, 2> field(team, {rows * team.size(), length});
    const auto to = next.local();
    const view<const double, 2> from = field.local();
    result.add("5-point stencil, v(i, j)", text_of_bytes(bytes) + " a rank", "pointers",
               on_all(team, [=] { stencil(to, from); }),
               on_all(team, [=] { stencil(to.data_handle(), from.data_handle(), rows, length); }));
}

// The whole node's block, a row at a time.
void measure_rows(lines& result, team& team, index_t bytes, index_t length) {
    const index_t rows = bytes / element_bytes / length;
    array<double, 2> field(team, {rows * team.size(), length});
    const auto all = field.node();
    const auto largest = [](const double* begin, const double* end) {
        double most = 0;
        for (; begin != end; ++begin) most = std::max(most, *begin);
        return most;
    };
    result.add("largest of node(), rows", text_of_bytes(bytes) + " a rank", "pointers",
               on_all(team,
                      [=] {
                          double most = 0;
                          for (index_t i = 0; i < all.extent(0); ++i)
                              most = std::max(most, largest(all.row(i).begin(), all.row(i).end()));
                          keep(most);
                      }),
               on_all(team, [=] {
                   double most = 0;
                   const double* row = all.data_handle();
                   for (index_t i = 0; i < all.extent(0); ++i, row += length)
                       most = std::max(most, largest(row, row + length));
                   keep(most);
               }));
}

} // namespace

std::vector<measurement> measure_loops(team& team, int batches) {
    constexpr index_t kib = 1024;
    lines result(team, batches);
    for (const index_t bytes : {16 * kib, 256 * kib, 16 * 1024 * kib}) {
        measure_saxpy(result, team, bytes);
        measure_stencil(result, team, bytes, bytes < 256 * kib ? 64 : 1024);
        measure_rows(result, team, bytes, bytes < 256 * kib ? 64 : 1024);
    }
    return result.take();
}

} // namespace nodespan::bench
