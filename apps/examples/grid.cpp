// Nodes side by side, and the ranks of each node in two rows: prints which rank owns which element.
#include <nodespan/nodespan.hpp>

#include <cstddef>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        // Nodes: 1 row, the rest as columns. Ranks inside a node: 2 rows, the rest as columns.
        array<int, 2> owner{
            everyone, {8, 12}, {.distribution = {.node_grid = {1, 0}, .rank_grid = {2, 0}}}};
        for_each(owner, [&](int& x) { x = everyone.rank(); });
        owner.fence();

        if (everyone.rank() == 0) {
            const std::vector<int> all = to_vector(owner); // row by row
            for (std::size_t i = 0; i < all.size(); ++i)
                std::printf("%d%c", all[i], i % 12 == 11 ? '\n' : ' ');
        }
        owner.fence(); // nobody ends the array while rank 0 reads it
    });
}
