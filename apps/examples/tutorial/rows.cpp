// An array that all ranks fill, each its own rows, and all read, without a copy.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 2> table{everyone, {1000, 10}}; // zeros

        auto mine = table.local(); // my rows: a view of plain memory
        const index_t first = table.rank_box().lo[0];
        for (index_t i = 0; i < mine.extent(0); ++i)
            for (double& x : mine.row(i)) x = static_cast<double>(first + i);

        table.fence(); // from here on everybody sees what everybody wrote

        if (everyone.is_leader()) { // one rank a node reads the rows of all the node's ranks
            const box<2> here = table.node_box();
            const auto ours = table.node();
            double total = 0;
            for (index_t i = 0; i < ours.extent(0); ++i)
                for (double x : ours.row(i)) total += x;
            std::printf("rows %ld to %ld add up to %.0f\n", here.lo[0], here.hi[0] - 1, total);
        }
    });
}
