// k-means: the centres of k clusters of points, one point a line of a CSV file.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

using namespace nodespan;

// The row of `centres` that is nearest to a point.
index_t nearest(view<const double, 2> centres, view<const double, 1> point) {
    index_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (index_t c = 0; c < centres.extent(0); ++c) {
        double squares = 0;
        for (index_t d = 0; d < point.extent(0); ++d)
            squares += (centres(c, d) - point(d)) * (centres(c, d) - point(d));
        if (squares < least) least = squares, best = c;
    }
    return best;
}

int main(int argc, char** argv) {
    return run(argc, argv, [&](team& everyone) {
        if (argc < 3) throw error(errc::invalid_argument, "usage: kmeans FILE CLUSTERS", true);
        const auto points = open_csv<double, 2>(everyone, argv[1]);
        const index_t k = std::atol(argv[2]), dimensions = points.extent(1);

        // The first points are the first centres. Behind each centre's sums stands its count.
        std::vector<double> first = to_vector(points, {{0, 0}, {k, dimensions}});
        const view<double, 2> centres{first.data(), {k, dimensions}};
        std::vector<double> memory(static_cast<std::size_t>(k * (dimensions + 1)));
        const view<double, 2> sums{memory.data(), {k, dimensions + 1}};

        for (double moved = 1; moved > 0;) {
            memory.assign(memory.size(), 0);
            for (index_t i = 0; i < points.local().extent(0); ++i) {
                const auto point = points.local().row(i);
                const index_t c = nearest(centres, point);
                for (index_t d = 0; d < dimensions; ++d) sums(c, d) += point(d);
                sums(c, dimensions) += 1;
            }
            all_reduce(everyone, memory); // from now on the same on all ranks

            moved = 0;
            for (index_t c = 0; c < k; ++c)
                for (index_t d = 0; d < dimensions && sums(c, dimensions) > 0; ++d) {
                    const double mean = sums(c, d) / sums(c, dimensions);
                    if (std::abs(mean - centres(c, d)) > 1e-9) moved = 1;
                    centres(c, d) = mean;
                }
        }
        if (everyone.rank() == 0)
            for (index_t c = 0; c < k; ++c)
                std::printf("%.4f %.4f: %.0f points\n", centres(c, 0), centres(c, 1),
                            sums(c, dimensions));
    });
}
