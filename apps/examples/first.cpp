#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <vector>

using namespace nodespan;

int main(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        array<double, 2> field{everyone, {1000, 64}}; // rows 0 to 999, spread over all ranks

        for_each(field, [](const indices<2>& at, double& x) { x = at[0]; }); // each its own rows
        field.fence(); // everyone's writes are visible to everyone

        auto ours = field.node(); // all rows of my node, my peers' too: plain memory
        if (everyone.is_leader()) std::printf("a peer wrote %g\n", ours(ours.extent(0) - 1, 0));

        std::vector<double> row(64);
        field.get({{999, 0}, {1000, 64}}, row); // any patch, from any node
        save_hdf5(field, "field.h5", "temperature");
    });
}
