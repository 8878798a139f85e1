// race_report racy|right|stale: a race, or a read of a stale ghost, whose report is known word by
// word.

#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <cstring>

namespace {

void read_stale_ghost(const nodespan::team& everyone) {
    nodespan::array<double, 1> rod{
        everyone, {10}, {.ghosts = {.width = {1}, .periodic = {true}}, .name = "rod"}};
    rod.exchange_ghosts();
    rod.fence();
    if (everyone.rank() == 1) rod(9) = 1; // changed here
    rod.fence();
    auto view = rod.node_with_ghosts();
    const volatile double* const before_first = &view(0);
    if (everyone.rank() == 0 && *before_first > 1) std::puts("1"); // read as a ghost here
    rod.fence();
}

} // namespace

int main(int argc, char** argv) {
    nodespan::environment mpi{argc, argv};
    const bool is_racy = argc > 1 && std::strcmp(argv[1], "racy") == 0;
    if (argc > 1 && std::strcmp(argv[1], "stale") == 0) {
        read_stale_ghost(nodespan::team{MPI_COMM_WORLD});
    } else {
        nodespan::team everyone{MPI_COMM_WORLD};
        nodespan::array<float, 2> field{everyone, {8, 5}, {.name = "field"}};
        if (everyone.rank() == 0) field(3, 4) = 1; // written here
        if (!is_racy) field.fence();
        if (everyone.rank() == 1) {
            const float value = field.get({3, 4}); // read here
            if (value < 0) return 1;
        }
        field.fence();
    }
    std::puts("done");
}
