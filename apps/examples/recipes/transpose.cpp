// The transpose of a matrix that is spread over all ranks: each fetches what its rows need.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 2> matrix{everyone, {300, 200}}, turned{everyone, {200, 300}};
        for_each(matrix, [](const indices<2>& at, double& x) {
            x = static_cast<double>(1000 * at[0] + at[1]);
        });
        matrix.fence(); // written by all, to be read by all

        const auto [lo, hi] = turned.rank_box(); // my rows of the result are columns of the matrix
        matrix.get({{lo[1], lo[0]}, {hi[1], hi[0]}}, turned.local().transposed());
        turned.fence();

        if (everyone.rank() == 0)
            std::printf("turned(7, 250) = %g, turned(199, 1) = %g\n", turned.get({7, 250}),
                        turned.get({199, 1}));
    });
}
