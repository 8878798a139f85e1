/* The C interface from a C program: every rank checks what it sees, and all fail together. */
#include <nodespan/nodespan.h>

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ++failures;                                                                            \
            fprintf(stderr, "%s:%d: not so: %s (last error: %s)\n", __FILE__, __LINE__,            \
                    #condition, nodespan_last_error_message());                                    \
        }                                                                                          \
    } while (0)
#define GOOD(call) EXPECT((call) == NODESPAN_SUCCESS)

static int says(const char* text) {
    return strstr(nodespan_last_error_message(), text) != NULL;
}

static void types_go_by_name(void) {
    nodespan_type type = NODESPAN_BOOL;

    GOOD(nodespan_type_from_name("float32", &type));
    EXPECT(type == NODESPAN_FLOAT32);
    GOOD(nodespan_type_from_name("int16", &type));
    EXPECT(type == NODESPAN_INT16 && nodespan_type_bytes(type) == 2);
    EXPECT(strcmp(nodespan_type_name(NODESPAN_COMPLEX128), "complex128") == 0);
    EXPECT(nodespan_type_bytes(NODESPAN_COMPLEX128) == 16);

    EXPECT(nodespan_type_from_name("float", &type) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(says("no such type"));
    EXPECT(nodespan_type_from_name(NULL, &type) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_type_name((nodespan_type)99) == NULL);
    EXPECT(nodespan_type_bytes((nodespan_type)-1) == 0);
}

/* Fills my own part by its address; value of (i, j): 100 i + j. */
static void fill(nodespan_array* array) {
    int64_t lo[2], hi[2], strides[2];
    void* data = NULL;
    GOOD(nodespan_array_rank_box(array, NODESPAN_SELF, lo, hi));
    GOOD(nodespan_array_block(array, NODESPAN_SELF, &data, strides));
    for (int64_t i = lo[0]; i < hi[0]; ++i)
        for (int64_t j = lo[1]; j < hi[1]; ++j)
            ((double*)data)[(i - lo[0]) * strides[0] + (j - lo[1]) * strides[1]] =
                (double)(100 * i + j);
}

static void elements_are_where_they_belong(nodespan_team* team, nodespan_order order) {
    const int64_t extents[2] = {13, 7};
    const nodespan_array_options options = {.order = order, .name = "field"};
    nodespan_array* array = NULL;
    GOOD(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &array));
    fill(array);
    GOOD(nodespan_array_fence(array));

    /* What it was made with. */
    nodespan_type type = NODESPAN_BOOL;
    nodespan_order found_order = NODESPAN_ROW_MAJOR;
    int dimensions = 0;
    int64_t found[2] = {0, 0};
    GOOD(nodespan_array_get_info(array, &type, &dimensions, found, &found_order));
    EXPECT(type == NODESPAN_FLOAT64 && dimensions == 2 && found_order == order);
    EXPECT(found[0] == 13 && found[1] == 7);

    /* A box from wherever it lies, in the array's own order. */
    const int64_t lo[2] = {3, 1}, hi[2] = {11, 6};
    double box[40];
    GOOD(nodespan_array_get(array, lo, hi, box, 40));
    for (int64_t i = 0; i < 8; ++i)
        for (int64_t j = 0; j < 5; ++j)
            EXPECT(box[order == NODESPAN_ROW_MAJOR ? 5 * i + j : i + 8 * j] ==
                   (double)(100 * (i + 3) + j + 1));

    /* All of this node by its address. */
    int64_t node_lo[2], node_hi[2], strides[2];
    void* node = NULL;
    GOOD(nodespan_array_node_box(array, NODESPAN_SELF, node_lo, node_hi));
    GOOD(nodespan_array_node(array, &node, strides));
    EXPECT(strides[order == NODESPAN_ROW_MAJOR ? 1 : 0] == 1);
    for (int64_t i = node_lo[0]; i < node_hi[0]; ++i)
        for (int64_t j = node_lo[1]; j < node_hi[1]; ++j)
            EXPECT(((double*)node)[(i - node_lo[0]) * strides[0] + (j - node_lo[1]) * strides[1]] ==
                   (double)(100 * i + j));
    GOOD(nodespan_array_fence(array));

    /* The last rank puts; everybody adds. */
    nodespan_team_info me;
    GOOD(nodespan_team_get_info(team, &me));
    double row[7] = {1, 2, 3, 4, 5, 6, 7};
    const int64_t row_lo[2] = {12, 0}, row_hi[2] = {13, 7};
    if (me.rank == me.size - 1) GOOD(nodespan_array_put(array, row_lo, row_hi, row, 7));
    GOOD(nodespan_array_fence(array));
    const double twice = 2;
    GOOD(nodespan_array_accumulate(array, row_lo, row_hi, row, 7, NODESPAN_SUM, &twice));
    GOOD(nodespan_array_fence(array));
    double after[7] = {0};
    GOOD(nodespan_array_get(array, row_lo, row_hi, after, 7));
    for (int j = 0; j < 7; ++j) EXPECT(after[j] == (1 + 2 * me.size) * row[j]);

    /* Errors of one rank alone. */
    const int64_t outside[2] = {14, 7};
    EXPECT(nodespan_array_get(array, lo, outside, box, 66) == NODESPAN_OUT_OF_RANGE);
    EXPECT(says("outside extents {13, 7}") && !nodespan_last_error_is_collective());
    EXPECT(nodespan_array_get(array, lo, hi, box, 39) == NODESPAN_SIZE_MISMATCH);
    EXPECT(nodespan_array_get(array, lo, hi, NULL, 40) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_put(array, NULL, hi, box, 40) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_accumulate(array, lo, hi, box, 40, (nodespan_op)9, NULL) ==
           NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_rank_box(array, me.size, node_lo, node_hi) == NODESPAN_OUT_OF_RANGE);
    EXPECT(nodespan_array_node_box(array, -2, node_lo, node_hi) == NODESPAN_OUT_OF_RANGE);
    if (me.nodes > 1) {
        const int elsewhere = me.node == 0 ? me.size - 1 : 0;
        EXPECT(nodespan_array_block(array, elsewhere, &node, strides) == NODESPAN_NOT_ON_NODE);
    }
    GOOD(nodespan_array_free(&array));
    EXPECT(array == NULL);
}

static void counts_and_locks(nodespan_team* team) {
    const int64_t extents[1] = {3}, at[1] = {2}, first[2] = {0, 1};
    nodespan_array *counts = NULL, *complex = NULL;
    nodespan_team_info me;
    GOOD(nodespan_team_get_info(team, &me));
    GOOD(nodespan_array_create(team, NODESPAN_INT32, 1, extents, NULL, &counts));
    GOOD(nodespan_array_create(team, NODESPAN_COMPLEX64, 1, extents, NULL, &complex));

    const int32_t one = 1;
    int32_t before = -1;
    for (int k = 0; k < 100; ++k) {
        GOOD(nodespan_array_fetch_add(counts, at, &one, &before));
        EXPECT(before >= k && before < 101 * me.size);
    }
    GOOD(nodespan_array_fetch_add(counts, at, &one, NULL));

    for (int k = 0; k < 20; ++k) { /* under the lock of the node that holds element 0 */
        int32_t value = 0;
        GOOD(nodespan_array_lock(counts, 0));
        GOOD(nodespan_array_get(counts, &first[0], &first[1], &value, 1));
        ++value;
        GOOD(nodespan_array_put(counts, &first[0], &first[1], &value, 1));
        GOOD(nodespan_array_unlock(counts, 0));
    }
    GOOD(nodespan_array_fence(counts));

    int32_t all[3];
    const int64_t zero[1] = {0};
    GOOD(nodespan_array_lock_shared(counts, 0));
    GOOD(nodespan_array_get(counts, zero, extents, all, 3));
    GOOD(nodespan_array_unlock_shared(counts, 0));
    EXPECT(all[0] == 20 * me.size && all[1] == 0 && all[2] == 101 * me.size);

    const float value[2] = {1, 2};
    EXPECT(nodespan_array_fetch_add(complex, at, value, NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(says("complex64 have no fetch_add"));
    const int64_t outside[1] = {3};
    EXPECT(nodespan_array_fetch_add(counts, outside, &one, NULL) == NODESPAN_OUT_OF_RANGE);
    EXPECT(nodespan_array_lock(counts, me.nodes) == NODESPAN_OUT_OF_RANGE);
    GOOD(nodespan_team_fence(team)); /* nobody looks any more */
    GOOD(nodespan_array_free(&complex));
    GOOD(nodespan_array_free(&counts));
}

static void ghosts_come_from_neighbours(nodespan_team* team) {
    const int64_t extents[1] = {40};
    const nodespan_array_options options = {.ghost_width = {1}, .periodic = {1}};
    nodespan_array* ring = NULL;
    GOOD(nodespan_array_create(team, NODESPAN_INT64, 1, extents, &options, &ring));
    int64_t lo[1], hi[1], strides[1];
    void* data = NULL;
    GOOD(nodespan_array_rank_box(ring, NODESPAN_SELF, lo, hi));
    GOOD(nodespan_array_block(ring, NODESPAN_SELF, &data, strides));
    for (int64_t i = lo[0]; i < hi[0]; ++i) ((int64_t*)data)[i - lo[0]] = i;

    GOOD(nodespan_array_exchange_ghosts(ring));

    GOOD(nodespan_array_node_with_ghosts(ring, lo, hi, &data, strides));
    for (int64_t i = lo[0]; i < hi[0]; ++i) EXPECT(((int64_t*)data)[i - lo[0]] == (i + 40) % 40);
    GOOD(nodespan_array_node_fence(ring));
    GOOD(nodespan_array_free(&ring));
}

static void files_bring_back_what_was_saved(nodespan_team* team, nodespan_order order) {
    const int64_t extents[2] = {9, 4}, zero[2] = {0, 0};
    const nodespan_array_options options = {.order = order};
    nodespan_array *saved = NULL, *loaded = NULL;
    double a[36], b[36];
    GOOD(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &saved));
    GOOD(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &loaded));
    fill(saved);

    GOOD(nodespan_array_save_npy(saved, "c_interface.npy"));
    GOOD(nodespan_array_load_npy(loaded, "c_interface.npy"));
    GOOD(nodespan_array_get(saved, zero, extents, a, 36));
    GOOD(nodespan_array_get(loaded, zero, extents, b, 36));
    EXPECT(memcmp(a, b, sizeof(a)) == 0 && b[35] == 803);
    EXPECT(nodespan_array_load_npy(loaded, "no such file.npy") == NODESPAN_IO);
    EXPECT(nodespan_last_error_is_collective() && says("No such file"));
    EXPECT(nodespan_array_save_npy(saved, NULL) == NODESPAN_IO);

#ifdef NODESPAN_HAS_HDF5
    const double nought[36] = {0};
    GOOD(nodespan_team_fence(team));
    nodespan_team_info me;
    GOOD(nodespan_team_get_info(team, &me));
    if (me.rank == 0) GOOD(nodespan_array_put(loaded, zero, extents, nought, 36));
    GOOD(nodespan_array_save(saved, "c_interface.h5", "run/field", NODESPAN_REPLACE_FILE));
    GOOD(nodespan_array_load(loaded, "c_interface.h5", "run/field"));
    GOOD(nodespan_array_get(loaded, zero, extents, b, 36));
    EXPECT(memcmp(a, b, sizeof(a)) == 0);
    EXPECT(nodespan_array_load(loaded, "c_interface.h5", "run/other") == NODESPAN_IO);
    EXPECT(nodespan_array_save(saved, "c_interface.h5", "run/field", NODESPAN_ADD) == NODESPAN_IO);
    EXPECT(nodespan_array_save(saved, "c_interface.h5", "x", (nodespan_save_mode)7) ==
           NODESPAN_INVALID_ARGUMENT);
#endif
    GOOD(nodespan_team_fence(team));
    GOOD(nodespan_array_free(&loaded));
    GOOD(nodespan_array_free(&saved));
}

static void wrong_calls_fail_on_all_ranks(nodespan_team* team) {
    nodespan_team_info me;
    GOOD(nodespan_team_get_info(team, &me));
    const int64_t extents[2] = {5, me.rank == me.size - 1 ? 6 : 5};
    nodespan_array* array = NULL;

    if (me.size > 1) {
        EXPECT(nodespan_array_create(team, NODESPAN_UINT8, 2, extents, NULL, &array) ==
               NODESPAN_MISMATCHED_ARGUMENTS);
        EXPECT(nodespan_last_error_is_collective());
    }
    /* Of the last rank alone. */
    const int is_wrong = me.rank == me.size - 1;
    EXPECT(nodespan_array_create(team, NODESPAN_UINT8, is_wrong ? 7 : 2, extents, NULL, &array) ==
           NODESPAN_INVALID_ARGUMENT);
    EXPECT(says("7 dimensions") && nodespan_last_error_is_collective());
    EXPECT(nodespan_array_create(team, is_wrong ? (nodespan_type)13 : NODESPAN_UINT8, 2, extents,
                                 NULL, &array) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_create(team, NODESPAN_UINT8, 2, is_wrong ? NULL : extents, NULL,
                                 &array) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(says("null pointer"));
    const nodespan_array_options no_order = {.order = (nodespan_order)2};
    EXPECT(nodespan_array_create(team, NODESPAN_UINT8, 2, extents, is_wrong ? &no_order : NULL,
                                 &array) == NODESPAN_INVALID_ARGUMENT);
    const int64_t huge[1] = {INT64_C(1) << 50}, below[1] = {-1};
    EXPECT(nodespan_array_create(team, NODESPAN_FLOAT64, 1, huge, NULL, &array) ==
           NODESPAN_NO_CAPACITY);
    EXPECT(nodespan_array_create(team, NODESPAN_FLOAT64, 1, below, NULL, &array) ==
           NODESPAN_INVALID_ARGUMENT);
    EXPECT(array == NULL);
    GOOD(nodespan_team_fence(team)); /* which goes on */
}

static void null_handles_are_errors(nodespan_team* team) {
    const int64_t place[1] = {0};
    nodespan_team* no_team = NULL;
    nodespan_array* no_array = NULL;
    nodespan_team_info info;

    EXPECT(nodespan_team_create(MPI_COMM_NULL, &no_team) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_team_create(MPI_COMM_WORLD, NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_team_fence(NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(says("nodespan_team_fence") && says("null pointer"));
    EXPECT(nodespan_team_get_info(NULL, &info) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_team_get_info(team, NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_team_free(NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_fence(NULL) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_get(NULL, place, place, NULL, 0) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_lock(NULL, 0) == NODESPAN_INVALID_ARGUMENT);
    EXPECT(nodespan_array_save_npy(NULL, "x.npy") == NODESPAN_INVALID_ARGUMENT);
    GOOD(nodespan_team_free(&no_team));
    GOOD(nodespan_array_free(&no_array));
}

int main(int argc, char** argv) {
    nodespan_team *team = NULL, *second = NULL;
    if (nodespan_team_create(MPI_COMM_WORLD, &team) != NODESPAN_NOT_INITIALIZED) ++failures;
    MPI_Init(&argc, &argv);
    GOOD(nodespan_team_create(MPI_COMM_WORLD, &team));
    GOOD(nodespan_team_create_f(MPI_Comm_c2f(MPI_COMM_WORLD), &second));
    nodespan_team_info info;
    int comm_rank = -1, rank = -1;
    GOOD(nodespan_team_get_info(team, &info));
    GOOD(nodespan_team_comm_rank(team, info.rank, &comm_rank));
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    EXPECT(comm_rank == rank);
    EXPECT(nodespan_team_comm_rank(team, info.size, &comm_rank) == NODESPAN_OUT_OF_RANGE);

    types_go_by_name();
    elements_are_where_they_belong(team, NODESPAN_ROW_MAJOR);
    elements_are_where_they_belong(second, NODESPAN_COLUMN_MAJOR);
    counts_and_locks(team);
    ghosts_come_from_neighbours(team);
    files_bring_back_what_was_saved(team, NODESPAN_ROW_MAJOR);
    files_bring_back_what_was_saved(second, NODESPAN_COLUMN_MAJOR);
    wrong_calls_fail_on_all_ranks(team);
    null_handles_are_errors(team);
    GOOD(nodespan_team_node_fence(team));
    GOOD(nodespan_team_progress(team));

    GOOD(nodespan_team_free(&second));
    GOOD(nodespan_team_free(&team));
    int all = 0;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    EXPECT(nodespan_team_create(MPI_COMM_WORLD, &team) == NODESPAN_FINALIZED);
    return all == 0 && failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
