// Who is there: ranks, and the nodes whose memory they share.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    // Starts MPI, makes the team of all ranks, and ends all of it.
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        std::printf("rank %d of %d, on node %d of %d, which has %d\n", everyone.rank(),
                    everyone.size(), everyone.node(), everyone.nodes(), everyone.node_size());
    });
}
