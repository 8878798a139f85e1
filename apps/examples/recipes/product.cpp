// The product of two matrices: each rank computes its own rows, and fetches the second matrix
// panel by panel, the next one while it computes.
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

using namespace nodespan;

// mine += its columns first, first + 1, ... of a, times the rows of the panel.
void add_product(view<const double, 2> a, index_t first, view<const double, 2> panel,
                 view<double, 2> mine) {
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t k = 0; k < panel.extent(0); ++k)
            for (index_t j = 0; j < mine.extent(1); ++j)
                mine(i, j) += a(i, first + k) * panel(k, j);
}

int main(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        constexpr index_t n = 240, rows = 64; // rows of a panel
        array<double, 2> a{everyone, {n, n}}, b{everyone, {n, n}}, c{everyone, {n, n}};
        for_each(a, [](const indices<2>& at, double& x) { x = double(at[0] % 7 + at[1] % 5); });
        for_each(b, [](const indices<2>& at, double& x) { x = double(at[0] % 3 - at[1] % 4); });
        b.fence();

        std::vector<double> now(rows * n), next(rows * n);
        const auto fetch = [&](index_t first, std::vector<double>& to) {
            const box<2> panel{{first, 0}, {std::min(first + rows, n), n}};
            return b.get_async(panel, view<double, 2>(to.data(), panel.extents()));
        };
        request coming = fetch(0, next);
        for (index_t first = 0; first < n; first += rows) {
            coming.wait();
            std::swap(now, next);
            const index_t height = std::min(rows, n - first);
            if (first + rows < n) coming = fetch(first + rows, next);
            add_product(a.local(), first, {now.data(), {height, n}}, c.local());
        }
        c.fence();

        if (everyone.rank() == 0)
            std::printf("c(0, 0) = %g, c(239, 1) = %g\n", c.get({0, 0}), c.get({239, 1}));
        const double total = sum(c);
        if (everyone.rank() == 0) std::printf("all elements add up to %.0f\n", total);
    });
}
