// A matrix is cut otherwise, turned over, changed in a patch, and grows.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        nodespan::array<double, 2> a{everyone, {300, 200}}, turned{everyone, {200, 300}};
        nodespan::for_each(a, [](const nodespan::indices<2>& at, double& x) {
            x = static_cast<double>(at[0] * 1000 + at[1]);
        });
        a.fence();

        nodespan::transpose(a, turned); // turned(j, i) = a(i, j)
        turned.fence();

        nodespan::redistribute(a, {.node_grid = {1, everyone.nodes()}, .rank_grid = {1, 0}});

        const nodespan::box<2> corner{{0, 0}, {10, 10}}, middle{{100, 100}, {110, 110}};
        nodespan::copy(turned, middle, a, corner); // each rank its own elements of a
        nodespan::add(a, corner, turned, middle, -1);
        const double nothing = nodespan::sum(a, corner);

        nodespan::resize(a, {400, 200}); // the new rows are zeros
        double sparse[4] = {};
        a.get({{100, 50}, {400, 51}, {75, 1}}, sparse); // every 75th row
        if (everyone.rank() == 0)
            std::printf("%g: %g %g %g %g, %g\n", nothing, sparse[0], sparse[1], sparse[2],
                        sparse[3], turned.get({7, 299}));
        everyone.fence(); // nobody ends the arrays while they are read
    });
}
