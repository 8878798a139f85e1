// race_report racy|right: a race whose report is known word by word.

#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
    nodespan::environment mpi{argc, argv};
    const bool is_racy = argc > 1 && std::strcmp(argv[1], "racy") == 0;
    {
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
