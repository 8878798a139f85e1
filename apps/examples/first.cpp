#include <nodespan/nodespan.hpp>

#include <vector>

int main(int argc, char** argv) {
    nodespan::environment mpi{argc, argv};
    nodespan::team everyone{MPI_COMM_WORLD};
    nodespan::array<double, 2> field{everyone, {1000, 64}};

    auto mine = field.local(); // my rows, plain memory
    for (nodespan::index_t i = 0; i < mine.extent(0); ++i)
        for (double& x : mine.row(i)) x = static_cast<double>(field.rank_box().lo[0] + i);
    field.fence(); // everyone's writes are visible to everyone

    auto ours = field.node(); // the whole node's rows, still plain memory
    if (everyone.is_leader()) ours(0, 0) += ours(ours.extent(0) - 1, 0); // a peer's last row

    std::vector<double> row(64);
    field.get({{999, 0}, {1000, 64}}, row); // any row, from any node
    nodespan::save_hdf5(field, "field.h5", "temperature");
}
