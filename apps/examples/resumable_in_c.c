// A run in C that goes on where it was stopped, on any number of ranks.
#include <nodespan/nodespan.h>

#include <stdio.h>

static void check(int code) {
    if (code == NODESPAN_SUCCESS) return;
    fprintf(stderr, "%s\n", nodespan_last_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(void) {
    const int64_t extent = 1000, steps = 300;
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    nodespan_array field = NULL;
    nodespan_checkpoint saved = NULL;
    double time = 0;
    int64_t step = -1, lo = 0, hi = 0;
    void* data = NULL;
    int rank = 0;
    check(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    check(nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    check(nodespan_team_rank(team, &rank));
    check(nodespan_array_create(team, NODESPAN_FLOAT64, 1, &extent, NULL, &field));
    check(nodespan_array_rank_box(field, &lo, &hi));
    check(nodespan_array_local(field, &data, NULL));

    check(nodespan_checkpoint_create(team, "resumable_in_c", NULL, &saved));
    check(nodespan_checkpoint_add_array(saved, "field", field));
    check(nodespan_checkpoint_add_value(saved, "time", NODESPAN_FLOAT64, &time));
    check(nodespan_checkpoint_restore(saved, &step)); // -1: from the beginning
    if (rank == 0) printf("from step %d\n", (int)(step < 0 ? 0 : step));
    for (step = step < 0 ? 0 : step; step < steps; ++step) {
        if (step % 100 == 0) check(nodespan_checkpoint_write(saved, step));
        for (int64_t i = 0; i < hi - lo; ++i) ((double*)data)[i] += 1;
        time += 0.5;
    }
    check(nodespan_array_fence(field));
    if (rank == 0) printf("%g at %g\n", ((double*)data)[0], time);

    check(nodespan_checkpoint_free(&saved)); // before its arrays
    check(nodespan_array_free(&field));
    check(nodespan_team_free(&team));
    check(nodespan_environment_free(&mpi));
    return 0;
}
