/* Loads and stores of C, on what nodespan.h hands out. */

#include <nodespan/nodespan.h>

#include <stdint.h>
#include <string.h>

#define CHECK(call)                                                                                \
    if ((call) != NODESPAN_SUCCESS) return 1

static nodespan_array made(nodespan_team team, int64_t extent) {
    nodespan_array array = NULL;
    nodespan_array_create(team, NODESPAN_FLOAT64, 1, &extent, NULL, &array);
    return array;
}

int written_and_read_in_c(MPI_Comm comm, int is_racy) {
    nodespan_team team;
    int rank, size;
    CHECK(nodespan_team_create(comm, 0, &team));
    CHECK(nodespan_team_node_rank(team, &rank));
    CHECK(nodespan_team_size(team, &size));
    nodespan_array array = made(team, 16 * (int64_t)size);
    void* data = NULL;
    int64_t strides[1];
    CHECK(nodespan_array_node(array, &data, strides));
    double* x = data;
    if (rank == 0)
        for (int i = 0; i < 8; ++i) x[i] = i;
    if (!is_racy) CHECK(nodespan_array_fence(array));
    volatile double sum = 0;
    if (rank == 1)
        for (int i = 0; i < 8; ++i) sum += x[i];
    CHECK(nodespan_array_fence(array));
    CHECK(nodespan_array_free(&array));
    return nodespan_team_free(&team);
}

int locked_in_c(MPI_Comm comm, int is_racy) {
    nodespan_team team;
    int rank, size, node;
    CHECK(nodespan_team_create(comm, 0, &team));
    CHECK(nodespan_team_node_rank(team, &rank));
    CHECK(nodespan_team_size(team, &size));
    CHECK(nodespan_team_node(team, &node));
    nodespan_array array = made(team, 16 * (int64_t)size);
    void* data = NULL;
    int64_t strides[1];
    CHECK(nodespan_array_node(array, &data, strides));
    double* x = data;
    const int locks = !(is_racy && rank == 0);
    if (locks) CHECK(nodespan_array_lock(array, node));
    x[3] += 1;
    if (locks) CHECK(nodespan_array_unlock(array, node));
    CHECK(nodespan_array_fence(array));
    CHECK(nodespan_array_free(&array));
    return nodespan_team_free(&team);
}

int put_in_c(MPI_Comm comm, int is_racy) {
    nodespan_team team;
    int rank, size;
    CHECK(nodespan_team_create(comm, 0, &team));
    CHECK(nodespan_team_rank(team, &rank));
    CHECK(nodespan_team_size(team, &size));
    nodespan_array array = made(team, 16 * (int64_t)size);
    void* data = NULL;
    int64_t strides[1], lo[1] = {2}, hi[1] = {6};
    CHECK(nodespan_array_node(array, &data, strides));
    double from[4] = {1, 2, 3, 4};
    if (rank == size - 1) CHECK(nodespan_array_put(array, lo, hi, from, 4));
    if (!is_racy) CHECK(nodespan_array_fence(array));
    if (rank == 0) ((double*)data)[5] = 0;
    CHECK(nodespan_array_fence(array));
    CHECK(nodespan_array_free(&array));
    return nodespan_team_free(&team);
}
