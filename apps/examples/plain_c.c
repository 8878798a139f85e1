/* An array in C: each rank fills its own rows in place, one adds up the node's, any rank gets any.
 */
#include <nodespan/nodespan.h>

#include <mpi.h>
#include <stdio.h>

static void check(int code) {
    if (code == NODESPAN_SUCCESS) return;
    fprintf(stderr, "%s\n", nodespan_last_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    nodespan_team* team;
    nodespan_team_info me;
    check(nodespan_team_create(MPI_COMM_WORLD, &team));
    check(nodespan_team_get_info(team, &me));

    nodespan_array* table;
    const int64_t extents[2] = {1000, 10};
    check(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, NULL, &table));

    int64_t lo[2], hi[2], strides[2];
    void* data;
    check(nodespan_array_rank_box(table, NODESPAN_SELF, lo, hi));
    check(nodespan_array_block(table, NODESPAN_SELF, &data, strides));
    for (int64_t i = lo[0]; i < hi[0]; ++i)
        for (int64_t j = 0; j < 10; ++j) ((double*)data)[(i - lo[0]) * strides[0] + j] = (double)i;
    check(nodespan_array_fence(table)); /* from here on everybody sees it */

    if (me.node_rank == 0) { /* one rank a node reads what all its ranks have written */
        check(nodespan_array_node_box(table, NODESPAN_SELF, lo, hi));
        check(nodespan_array_node(table, &data, strides));
        double total = 0;
        for (int64_t k = 0; k < (hi[0] - lo[0]) * 10; ++k) total += ((double*)data)[k];
        printf("rows %d to %d add up to %.0f\n", (int)lo[0], (int)hi[0] - 1, total);
    }

    double last[10]; /* of whichever node */
    const int64_t from[2] = {999, 0}, to[2] = {1000, 10};
    check(nodespan_array_get(table, from, to, last, 10));
    const int is_right = last[0] == 999 && last[9] == 999;

    check(nodespan_array_free(&table));
    check(nodespan_team_free(&team));
    MPI_Finalize();
    return is_right ? 0 : 1;
}
