// The same by nodespan, on any number of nodes.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        nodespan::array<double, 2> table{everyone, {1000, 64}};

        for (nodespan::index_t i = 0; i < table.local().extent(0); ++i)
            for (double& x : table.local().row(i))
                x = static_cast<double>(table.rank_box().lo[0] + i);
        table.fence();
        if (everyone.rank() == 0) std::printf("%g\n", table.get({999, 0}));
        table.fence(); // nobody ends the table while it is read
    });
}
