// Who is there: ranks, and the nodes whose memory they share.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    nodespan::environment mpi{argc, argv}; // starts MPI, and ends it
    const nodespan::team everyone{MPI_COMM_WORLD};

    std::printf("rank %d of %d, on node %d of %d, which has %d\n", everyone.rank(), everyone.size(),
                everyone.node(), everyone.nodes(), everyone.node_size());
}
