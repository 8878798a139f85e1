// Rows that a node's ranks fill and one reads, by MPI windows alone: one node only.
#include <mpi.h>

#include <cstdio>

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    int rank = 0, size = 0;
    MPI_Comm_rank(node, &rank);
    MPI_Comm_size(node, &size);

    const int rows = 1000, columns = 64;
    const int first = rows * rank / size, count = (rows * (rank + 1) / size - first) * columns;
    double *mine = nullptr, *all = nullptr;
    MPI_Win window = MPI_WIN_NULL;
    MPI_Win_allocate_shared(count * sizeof(double), sizeof(double), MPI_INFO_NULL, node, &mine,
                            &window);
    MPI_Aint bytes = 0;
    int unit = 0;
    MPI_Win_shared_query(window, 0, &bytes, &unit, &all);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);

    for (int i = 0; i < count; ++i) mine[i] = first + i / columns;
    MPI_Win_sync(window);
    MPI_Barrier(node);
    MPI_Win_sync(window);
    if (rank == 0) std::printf("%g\n", all[(rows - 1) * columns]);

    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
    MPI_Comm_free(&node);
    MPI_Finalize();
}
