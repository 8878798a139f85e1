// Arrays in files, and back in arrays that are cut in another way. Needs what its files are called,
// without the ending.

#include "check.h"

static const int64_t extents[2] = {9, 4}, reverse[2] = {4, 9}, begin[2] = {0, 0};
enum { count = 9 * 4 };

static nodespan_array make(nodespan_team team, nodespan_type type, nodespan_order order,
                           const int64_t* shape) {
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    nodespan_array result = NULL;
    options.order = order;
    OK(nodespan_array_create(team, type, 2, shape, &options, &result));
    return result;
}

// Elements 1, 2, ... in the order of the array.
static void fill(nodespan_team team, nodespan_array field, const int64_t* shape) {
    int rank = 0;
    float numbers[count];
    for (int k = 0; k < count; ++k) numbers[k] = (float)(k + 1);
    OK(nodespan_team_rank(team, &rank));
    if (rank == 0) OK(nodespan_array_put(field, begin, shape, numbers, count));
    OK(nodespan_array_fence(field));
}

static void check_filled(nodespan_array field, const int64_t* shape) {
    float numbers[count] = {0};
    OK(nodespan_array_get(field, begin, shape, numbers, count));
    for (int k = 0; k < count; ++k) CHECK(numbers[k] == (float)(k + 1));
    OK(nodespan_array_fence(field));
}

typedef int save_function(nodespan_array, const char* file);

static void what_is_saved_is_loaded(nodespan_team team, save_function* save, save_function* load,
                                    const char* file) {
    for (int order = NODESPAN_ROW_MAJOR; order <= NODESPAN_COLUMN_MAJOR; ++order) {
        nodespan_array from = make(team, NODESPAN_FLOAT32, (nodespan_order)order, extents);
        nodespan_array same = make(team, NODESPAN_FLOAT32, (nodespan_order)order, extents);
        nodespan_array other =
            make(team, NODESPAN_FLOAT32,
                 order == NODESPAN_ROW_MAJOR ? NODESPAN_COLUMN_MAJOR : NODESPAN_ROW_MAJOR, reverse);
        nodespan_array wrong_type = make(team, NODESPAN_INT32, (nodespan_order)order, extents);
        nodespan_array wrong_shape = make(team, NODESPAN_FLOAT32, (nodespan_order)order, reverse);
        fill(team, from, extents);

        OK(save(from, file));
        OK(load(same, file));
        OK(load(other, file)); // the same elements, their indices in reverse order

        check_filled(same, extents);
        check_filled(other, reverse);
        REFUSED(NODESPAN_ERROR_IO, file, load(wrong_type, file));
        CHECK(nodespan_last_error_is_collective());
        CHECK(load(wrong_shape, file) != NODESPAN_SUCCESS);
        CHECK(nodespan_last_error_is_collective());
        OK(nodespan_array_free(&from));
        OK(nodespan_array_free(&same));
        OK(nodespan_array_free(&other));
        OK(nodespan_array_free(&wrong_type));
        OK(nodespan_array_free(&wrong_shape));
    }
}

static void calls_that_cannot_be_are_refused_on_all_ranks(nodespan_team team, save_function* save,
                                                          save_function* load, const char* file) {
    int rank = 0, size = 0;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));
    nodespan_array field = make(team, NODESPAN_FLOAT32, NODESPAN_ROW_MAJOR, extents);

    REFUSED(NODESPAN_ERROR_IO, "/no/such/folder/file", save(field, "/no/such/folder/file"));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_IO, "No such file", load(field, "no such file"));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "file is null",
            save(field, rank == size - 1 ? NULL : file));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is null", save(NULL, file));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "file is null", load(field, NULL));
    if (size > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "",
                save(field, rank == 0 ? file : "/no/such/folder/file"));
    OK(nodespan_array_free(&field));
}

#ifdef NODESPAN_HAS_HDF5
static int save_in_group(nodespan_array from, const char* file) {
    return nodespan_array_save_hdf5(from, file, "run/7/field", NODESPAN_REPLACE_FILE);
}

static int load_from_group(nodespan_array to, const char* file) {
    return nodespan_array_load_hdf5(to, file, "run/7/field");
}

static void datasets_are_added_and_overwritten(nodespan_team team, const char* file) {
    nodespan_array field = make(team, NODESPAN_FLOAT32, NODESPAN_COLUMN_MAJOR, extents);
    nodespan_array flags = make(team, NODESPAN_BOOL, NODESPAN_ROW_MAJOR, extents);
    OK(nodespan_array_save_hdf5(field, file, "zeros", NODESPAN_REPLACE_FILE));
    fill(team, field, extents);

    OK(nodespan_array_save_hdf5(field, file, "numbers", NODESPAN_ADD));
    REFUSED(NODESPAN_ERROR_IO, "zeros",
            nodespan_array_save_hdf5(field, file, "zeros", NODESPAN_ADD));
    OK(nodespan_array_save_hdf5(field, file, "zeros", NODESPAN_OVERWRITE));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "dataset is null",
            nodespan_array_save_hdf5(field, file, NULL, NODESPAN_ADD));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "5 is no nodespan_save_mode",
            nodespan_array_save_hdf5(field, file, "more", (nodespan_save_mode)5));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type bool",
            nodespan_array_save_hdf5(flags, file, "flags", NODESPAN_ADD));
    CHECK(nodespan_last_error_is_collective());

    OK(nodespan_array_load_hdf5(field, file, "zeros"));
    check_filled(field, extents);
    OK(nodespan_array_load_hdf5(field, file, "numbers"));
    check_filled(field, extents);
    OK(nodespan_array_free(&field));
    OK(nodespan_array_free(&flags));
}
#endif

int main(int argc, char** argv) {
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    char file[4096];
    if (argc != 2) return 2;
    OK(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    OK(nodespan_team_create(MPI_COMM_WORLD, 0, &team));

    snprintf(file, sizeof file, "%s.npy", argv[1]);
    what_is_saved_is_loaded(team, nodespan_array_save_npy, nodespan_array_load_npy, file);
    calls_that_cannot_be_are_refused_on_all_ranks(team, nodespan_array_save_npy,
                                                  nodespan_array_load_npy, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
#ifdef NODESPAN_HAS_HDF5
    snprintf(file, sizeof file, "%s.h5", argv[1]);
    what_is_saved_is_loaded(team, save_in_group, load_from_group, file);
    calls_that_cannot_be_are_refused_on_all_ranks(team, save_in_group, load_from_group, file);
    datasets_are_added_and_overwritten(team, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
#endif

    OK(nodespan_team_free(&team));
    const int result = verdict("c_files_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
