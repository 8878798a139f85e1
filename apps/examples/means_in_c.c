// The means of the three columns of a CSV file in C: work that whichever rank is free takes.
#include <nodespan/nodespan.h>

#include <stdio.h>

static void check(int code) {
    if (code == NODESPAN_SUCCESS) return;
    fprintf(stderr, "%s\n", nodespan_last_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

enum { columns = 3 };

struct job {
    nodespan_array table;
    double sums[columns];
};

// Adds the lines [lo, hi) of the table, which may lie on any node.
static int add_lines(int64_t lo, int64_t hi, void* context) {
    struct job* const job = context;
    double line[columns];
    for (int64_t i = lo; i < hi; ++i) {
        const int64_t from[2] = {i, 0}, to[2] = {i + 1, columns};
        const int code = nodespan_array_get(job->table, from, to, line, columns);
        if (code != NODESPAN_SUCCESS) return code; // ends the call on all ranks
        for (int j = 0; j < columns; ++j) job->sums[j] += line[j];
    }
    return 0;
}

int main(int argc, char** argv) {
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    struct job job = {NULL, {0}};
    int64_t extents[2];
    int rank = 0;
    if (argc != 2) return 2;
    check(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    check(nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    check(nodespan_team_rank(team, &rank));
    check(nodespan_array_open_csv(team, NODESPAN_FLOAT64, 2, argv[1], NULL, NULL, &job.table));
    check(nodespan_array_extents(job.table, extents));
    check(nodespan_team_work_share(team, 0, extents[0], 16, add_lines, &job)); // 16 lines at a time
    check(nodespan_team_reduce(team, NODESPAN_FLOAT64, job.sums, columns, NODESPAN_SUM, 0));
    for (int j = 0; rank == 0 && j < columns; ++j)
        printf("column %d: %g\n", j, job.sums[j] / (double)extents[0]);
    check(nodespan_array_free(&job.table));
    check(nodespan_team_free(&team));
    check(nodespan_environment_free(&mpi));
    return 0;
}
