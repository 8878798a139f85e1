// The product of two matrices over any number of nodes.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        nodespan::array<double, 2> a{everyone, {400, 300}}, b{everyone, {300, 200}};
        nodespan::array<double, 2> c{everyone, {400, 200}};
        nodespan::fill(a, 2);
        nodespan::fill(b, 0.5);

        nodespan::multiply(a, b, c); // fences before and after
        if (everyone.rank() == 0) std::printf("%g\n", c.get({399, 199}));
        everyone.fence();
    });
}
