// An outside program in C: fills an array in place, reads what the next rank wrote, and, where it
// has HDF5, saves it.
#include <nodespan/nodespan.h>

#include <stdio.h>

int main(int argc, char** argv) {
    nodespan_team team = NULL;
    nodespan_array numbers = NULL;
    int rank = 0, size = 0, good = 1;
    void* mine = NULL;
    MPI_Init(&argc, &argv);
    good = good && nodespan_team_create(MPI_COMM_WORLD, 0, &team) == NODESPAN_SUCCESS;
    good = good && nodespan_team_rank(team, &rank) == NODESPAN_SUCCESS;
    good = good && nodespan_team_size(team, &size) == NODESPAN_SUCCESS;
    const int64_t extent = size, next = (rank + 1) % size, end = next + 1;
    good = good && nodespan_array_create(team, NODESPAN_INT32, 1, &extent, NULL, &numbers) ==
                       NODESPAN_SUCCESS;
    good = good && nodespan_array_local(numbers, &mine, NULL) == NODESPAN_SUCCESS;
    if (good) *(int32_t*)mine = 10 * rank;
    good = good && nodespan_array_fence(numbers) == NODESPAN_SUCCESS;
    int32_t found = -1;
    good = good && nodespan_array_get(numbers, &next, &end, &found, 1) == NODESPAN_SUCCESS;
    good = good && found == 10 * next;
    good = good && nodespan_array_get(numbers, &end, &next, &found, 1) != NODESPAN_SUCCESS;
    int32_t total = 1;
    good = good && nodespan_team_all_reduce(team, NODESPAN_INT32, &total, 1, NODESPAN_SUM) ==
                       NODESPAN_SUCCESS;
    good = good && total == size;
#ifdef NODESPAN_HAS_HDF5
    nodespan_checkpoint saved = NULL;
    int64_t step = 0;
    good = good && nodespan_checkpoint_create(team, "run", NULL, &saved) == NODESPAN_SUCCESS;
    good = good && nodespan_checkpoint_latest(saved, &step) == NODESPAN_SUCCESS && step == -1;
    good = nodespan_checkpoint_free(&saved) == NODESPAN_SUCCESS && good;
    good = good && nodespan_array_save_hdf5(numbers, "in_c.h5", "numbers", NODESPAN_REPLACE_FILE) ==
                       NODESPAN_SUCCESS;
#endif
    good = nodespan_array_free(&numbers) == NODESPAN_SUCCESS && good;
    good = nodespan_team_free(&team) == NODESPAN_SUCCESS && good;
    if (rank == 0) printf("in C, %d ranks: %s\n", size, good ? "good" : "bad");
    MPI_Finalize();
    return good ? 0 : 1;
}
