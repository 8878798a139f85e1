// A field of temperatures in C: filled in place, changed from afar, summed, saved.
#include <nodespan/nodespan.h>

#include <stdio.h>

enum { rows = 1000, columns = 64 };

// Ends the job with the message of a call that failed. Where nodespan_last_error_is_collective(),
// all ranks know of it and could go on instead.
static void check(int code) {
    if (code == NODESPAN_SUCCESS) return;
    fprintf(stderr, "%s\n", nodespan_last_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(void) {
    nodespan_environment mpi = NULL; // starts MPI; programs that have started it need none
    nodespan_team team = NULL;
    nodespan_array field = NULL;
    const int64_t extents[2] = {rows, columns};
    int rank = 0, size = 0;
    check(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    check(nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    check(nodespan_team_rank(team, &rank));
    check(nodespan_team_size(team, &size));
    check(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, NULL, &field));

    // My share, plain memory: element (i, j) of the array is strides away from its first one.
    int64_t lo[2], hi[2], strides[2];
    void* data = NULL;
    check(nodespan_array_rank_box(field, lo, hi));
    check(nodespan_array_local(field, &data, strides));
    double* mine = data;
    for (int64_t i = lo[0]; i < hi[0]; ++i)
        for (int64_t j = lo[1]; j < hi[1]; ++j)
            mine[(i - lo[0]) * strides[0] + (j - lo[1]) * strides[1]] = (double)(i + j);
    check(nodespan_array_fence(field));

    // Any rank reaches any elements: the last one takes 100 off a row of the first one's.
    const int64_t from[2] = {7, 0}, to[2] = {8, columns};
    double row[columns];
    if (rank == size - 1) {
        check(nodespan_array_get(field, from, to, row, columns));
        for (int j = 0; j < columns; ++j) row[j] -= 100;
        check(nodespan_array_put(field, from, to, row, columns));
    }
    check(nodespan_array_fence(field));

    double sum = 0;
    for (int64_t k = 0; k < (hi[0] - lo[0]) * columns; ++k) sum += mine[k]; // whole rows: dense
    check(nodespan_team_all_reduce(team, NODESPAN_FLOAT64, &sum, 1, NODESPAN_SUM));
    if (rank == 0) printf("sum: %.0f\n", sum);

    check(nodespan_array_save_npy(field, "temperature.npy")); // numpy.load reads it
    check(nodespan_array_free(&field));
    check(nodespan_team_free(&team));
    check(nodespan_environment_free(&mpi));
    return sum == 33977600 ? 0 : 1;
}
