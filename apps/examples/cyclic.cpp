// Blocks dealt to the nodes in turn: who has which element, and where in its memory.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <utility>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<int, 2> table{
            everyone, {6, 12}, {.distribution = {.node_grid = {1, 0}, .block = {3, 2}}}};
        for_each(table, [](const indices<2>& at, int& x) { // at: of the whole array
            x = static_cast<int>(at[0] * 100 + at[1]);
        });
        table.fence();

        if (everyone.rank() == 0) {
            const view<const int, 2> mine =
                std::as_const(table).node(); // the node's blocks, packed
            for (index_t j = 0; j < mine.extent(1); ++j)
                std::printf("column %lld here is column %lld\n", static_cast<long long>(j),
                            static_cast<long long>(table.node_index({0, j})[1]));
            std::printf("node %d has (5, 11): %d\n", table.owner_node({5, 11}), table.get({5, 11}));
        }
        table.fence(); // nobody ends the array while rank 0 reads it
    });
}
