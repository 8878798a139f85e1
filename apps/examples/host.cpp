// A host code that starts MPI by itself and lends nodespan a communicator for a while.
#include <nodespan/nodespan.hpp>

#include <mpi.h>

#include <cstdio>

// A field that the ranks of `comm` share; 0 if all went well.
int compute(MPI_Comm comm) {
    try {
        nodespan::team ranks{comm}; // communicators of its own
        nodespan::array<double, 2> field{ranks, {1000, 64}};
        nodespan::fill(field, 1.0 / 64000);
        const double sum = nodespan::sum(field);
        if (ranks.rank() == 0) std::printf("sum: %g\n", sum);
        return 0;
    } catch (const nodespan::error& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        if (!failure.is_collective()) throw; // other ranks may wait for this one
        return 1;                            // all ranks are here: what nodespan took is released
    }
}

int main(int argc, char** argv) {
    int granted = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &granted);
    MPI_Comm half = MPI_COMM_NULL;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);

    const int status = compute(half);

    MPI_Comm_free(&half);
    MPI_Finalize();
    return status;
}
