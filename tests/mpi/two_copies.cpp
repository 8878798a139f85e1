// See two_copies.cmake. Two nodes of two ranks: copy a has a team over both, copy b one on each.

#include "one_copy.hpp"

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0;
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &node);
    bool is_right = true;
    {
        const std::unique_ptr<one_copy> a = copy_a(MPI_COMM_WORLD), b = copy_b(node);
        a->fence();
        // Rank 0 waits in b for rank 1, which waits for rank 3, whose get in a waits for rank 0.
        if (rank == 3) {
            is_right = a->get(0) == 0;
            MPI_Send(nullptr, 0, MPI_INT, 1, 5, MPI_COMM_WORLD);
        }
        if (rank == 1) MPI_Recv(nullptr, 0, MPI_INT, 3, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        b->fence();
        a->fence();
    }
    MPI_Comm_free(&node);
    MPI_Finalize();
    return is_right ? 0 : 1;
}
