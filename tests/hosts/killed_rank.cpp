// Transfers and fences without end, until rank 1 is killed in the middle of them: mpirun has to end
// the others, wherever they wait. Never ends well.
#include <nodespan/nodespan.hpp>

#include <csignal>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    nodespan::environment mpi(argc, argv);
    nodespan::team everyone{MPI_COMM_WORLD};
    nodespan::array_options options;
    options.ghosts = {{1, 1}, {true, false}};
    nodespan::array<double, 2> field(everyone, {8 * everyone.size(), 500}, options);
    std::vector<double> row(500, 1.0);
    if (everyone.rank() == 0) std::puts("working");
    std::fflush(stdout);
    for (int round = 0;; ++round) {
        const nodespan::index_t far = (everyone.rank() * 8 + 11 * round) % field.extent(0);
        field.accumulate({{far, 0}, {far + 1, 500}}, row);
        if (round == 100 && everyone.rank() == 1) std::raise(SIGKILL);
        field.fence();
        field.get({{far, 0}, {far + 1, 500}}, row);
        field.exchange_ghosts();
    }
}
