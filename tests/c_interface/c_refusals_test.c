// What is refused, by which code and words; and that ranks which are refused together can go on.

#include "check.h"

static void nulls_are_refused(nodespan_team team, nodespan_array field) {
    const int64_t lo[2] = {0, 0}, hi[2] = {1, 1};
    int64_t found[2];
    double value = 0;
    int number = 0;
    void* data = NULL;
    nodespan_team no_team = NULL;
    nodespan_array no_array = NULL;
    nodespan_type type = NODESPAN_BOOL;

    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_type_from_name: name is null",
            nodespan_type_from_name(NULL, &type));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type is null", nodespan_type_from_name("int8", NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_team_create: result is null",
            nodespan_team_create(MPI_COMM_WORLD, 0, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_team_rank: team is null",
            nodespan_team_rank(no_team, &number));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "rank is null", nodespan_team_rank(team, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "team is null", nodespan_team_fence(no_team));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "team is null", nodespan_team_free(NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "team is null",
            nodespan_array_create(NULL, NODESPAN_INT8, 1, lo, NULL, &no_array));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "extents is null",
            nodespan_array_create(team, NODESPAN_INT8, 1, NULL, NULL, &no_array));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "result is null",
            nodespan_array_create(team, NODESPAN_INT8, 1, hi, NULL, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_array_extents: array is null",
            nodespan_array_extents(no_array, found));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "hi is null",
            nodespan_array_rank_box(field, found, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "data is null",
            nodespan_array_local(field, NULL, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is null",
            nodespan_array_node(no_array, &data, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "lo is null",
            nodespan_array_get(field, NULL, hi, &value, 1));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_array_get: to is null",
            nodespan_array_get(field, lo, hi, NULL, 1));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "nodespan_array_put: from is null",
            nodespan_array_put(field, lo, hi, NULL, 1));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "value is null",
            nodespan_array_fetch_add(field, lo, NULL, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is null", nodespan_array_lock(no_array, 0));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is null",
            nodespan_array_exchange_ghosts(no_array));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "taken is null",
            nodespan_array_try_lock(field, 0, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is null", nodespan_array_free(NULL));
    OK(nodespan_array_get(field, lo, lo, NULL, 0)); // nothing to write
}

static void values_that_mean_nothing_are_refused(nodespan_team team, nodespan_array field) {
    const int64_t n[7] = {2, 2, 2, 2, 2, 2, 2}, negative[2] = {3, -1}, zero[2] = {0, 0};
    const int grid[2] = {7, 5};
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    nodespan_array none = NULL;
    nodespan_team no_team = NULL;
    nodespan_environment no_environment = NULL;
    nodespan_type type = NODESPAN_INT8;
    double value = 1;

    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "(\"float63\"): no such element type",
            nodespan_type_from_name("float63", &type));
    CHECK(type == NODESPAN_INT8); // as it was
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "no thread level",
            nodespan_environment_create(-7, &no_environment));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "", nodespan_team_create(MPI_COMM_NULL, 0, &no_team));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "13 is no nodespan_type",
            nodespan_array_create(team, (nodespan_type)13, 1, n, NULL, &none));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "0 dimensions",
            nodespan_array_create(team, NODESPAN_INT8, 0, n, NULL, &none));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "7 dimensions",
            nodespan_array_create(team, NODESPAN_INT8, 7, n, NULL, &none));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "-1",
            nodespan_array_create(team, NODESPAN_INT8, 2, negative, NULL, &none));
    options.order = (nodespan_order)2;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "order 2",
            nodespan_array_create(team, NODESPAN_INT8, 2, n, &options, &none));
    options.order = NODESPAN_ROW_MAJOR;
    options.node_grid = grid;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "7",
            nodespan_array_create(team, NODESPAN_INT8, 2, n, &options, &none));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "9 is no nodespan_op",
            nodespan_array_accumulate(field, (nodespan_op)9, zero, n, &value, 4, NULL));
    CHECK(none == NULL && no_team == NULL && no_environment == NULL);
}

static void boxes_and_sizes_that_do_not_fit_are_refused(nodespan_team team, nodespan_array field) {
    const int64_t lo[2] = {0, 0}, hi[2] = {2, 3}, beyond[2] = {5, 3}, below[2] = {-1, 0};
    int64_t found[2];
    double buffer[6] = {0};
    int size = 0, nodes = 0, node = 0, of = 0;
    void* data = NULL;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_nodes(team, &nodes));
    OK(nodespan_team_node(team, &node));

    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "\"field\"::get([{0, 0}, {5, 3}))",
            nodespan_array_get(field, lo, beyond, buffer, 15));
    CHECK(!nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "{4, 3}", nodespan_array_put(field, below, hi, buffer, 9));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "{5, 3}",
            nodespan_array_fetch_add(field, beyond, buffer, buffer));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "", nodespan_array_owner_node(field, below, &of));
    REFUSED(NODESPAN_ERROR_SIZE_MISMATCH, "5", nodespan_array_get(field, lo, hi, buffer, 5));
    REFUSED(NODESPAN_ERROR_SIZE_MISMATCH, "6", nodespan_array_put(field, lo, hi, buffer, 7));
    REFUSED(NODESPAN_ERROR_SIZE_MISMATCH, "-6",
            nodespan_array_accumulate(field, NODESPAN_SUM, lo, hi, buffer, -6, NULL));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "rank_box_of",
            nodespan_array_rank_box_of(field, size, found, found));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "node_box_of",
            nodespan_array_node_box_of(field, -1, found, found));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "mutex", nodespan_array_lock(field, nodes));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "", nodespan_team_node_of(team, size, &of));
    for (int rank = 0; rank < size; ++rank) {
        OK(nodespan_team_node_of(team, rank, &of));
        if (of != node)
            REFUSED(NODESPAN_ERROR_NOT_ON_NODE, "block",
                    nodespan_array_block(field, rank, &data, NULL));
    }
}

static void elements_without_an_operation_refuse_it(nodespan_team team) {
    const int64_t n[1] = {3}, begin[1] = {0};
    float buffer[6] = {0};
    nodespan_array flags = NULL, waves = NULL;
    OK(nodespan_array_create(team, NODESPAN_BOOL, 1, n, NULL, &flags));
    OK(nodespan_array_create(team, NODESPAN_COMPLEX64, 1, n, NULL, &waves));

    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "accumulate(sum)",
            nodespan_array_accumulate(flags, NODESPAN_SUM, begin, n, buffer, 3, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "accumulate(max)",
            nodespan_array_accumulate(waves, NODESPAN_MAX, begin, n, buffer, 3, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type bool",
            nodespan_array_fetch_add(flags, begin, buffer, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type complex64",
            nodespan_array_fetch_add(waves, begin, buffer, NULL));
    OK(nodespan_array_free(&flags));
    OK(nodespan_array_free(&waves));
}

// One rank's mistake is told to all.
static void ranks_are_refused_together(nodespan_team team) {
    int rank = 0, size = 0;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));
    const int last = rank == size - 1;
    const int64_t n[2] = {4, last ? 5 : 6}, huge[1] = {INT64_C(1) << 50};
    nodespan_array none = NULL;

    if (size > 1) {
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "{4, 5}",
                nodespan_array_create(team, NODESPAN_INT8, 2, n, NULL, &none));
        CHECK(nodespan_last_error_is_collective());
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "",
                nodespan_array_create(team, last ? NODESPAN_FLOAT32 : NODESPAN_INT32, 1, n, NULL,
                                      &none));
    }
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "extents is null",
            nodespan_array_create(team, NODESPAN_INT8, 2, last ? NULL : n, NULL, &none));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "result is null",
            nodespan_array_create(team, NODESPAN_INT8, 1, n, NULL, last ? NULL : &none));
    REFUSED(NODESPAN_ERROR_NO_CAPACITY, "array<double,1>",
            nodespan_array_create(team, NODESPAN_FLOAT64, 1, huge, NULL, &none));
    CHECK(nodespan_last_error_is_collective());
    CHECK(nodespan_last_error_mpi_code() == MPI_SUCCESS);
    CHECK(none == NULL);
}

// Too late, but no crash: what is left is leaked.
static void after_mpi_has_ended(nodespan_team team, nodespan_array field) {
    const int64_t n[1] = {3};
    nodespan_array none = NULL;
    nodespan_team no_team = NULL;
    REFUSED(NODESPAN_ERROR_FINALIZED, "", nodespan_team_create(MPI_COMM_WORLD, 0, &no_team));
    REFUSED(NODESPAN_ERROR_FINALIZED, "", nodespan_team_create_f(0, 0, &no_team));
    REFUSED(NODESPAN_ERROR_FINALIZED, "", nodespan_team_split(team, 0, 0, &no_team));
    REFUSED(NODESPAN_ERROR_FINALIZED, "",
            nodespan_array_create(team, NODESPAN_INT8, 1, n, NULL, &none));
    REFUSED(NODESPAN_ERROR_FINALIZED, "", nodespan_array_save_npy(field, "none.npy"));
    OK(nodespan_array_free(&field));
    OK(nodespan_team_free(&team));
}

int main(void) {
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    nodespan_array field = NULL;
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    const int64_t extents[2] = {4, 3};
    options.name = "field";
    CHECK(strcmp(nodespan_last_error_message(), "") == 0);
    REFUSED(NODESPAN_ERROR_NOT_INITIALIZED, "", nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    OK(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    OK(nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &field));

    nulls_are_refused(team, field);
    values_that_mean_nothing_are_refused(team, field);
    boxes_and_sizes_that_do_not_fit_are_refused(team, field);
    elements_without_an_operation_refuse_it(team);
    ranks_are_refused_together(team);

    OK(nodespan_array_fence(field)); // all is well after all of this
    const int result = verdict("c_refusals_test");
    OK(nodespan_environment_free(&mpi));
    after_mpi_has_ended(team, field);
    return failures == 0 ? result : 1;
}
