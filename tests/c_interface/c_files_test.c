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
typedef int open_function(nodespan_team, nodespan_type, int dimensions, const char* file,
                          const nodespan_array_options*, nodespan_array*);

static int save_csv(nodespan_array from, const char* file) {
    return nodespan_array_save_csv(from, file, NULL);
}

static int load_csv(nodespan_array to, const char* file) {
    return nodespan_array_load_csv(to, file, NULL);
}

static int open_csv(nodespan_team team, nodespan_type type, int dimensions, const char* file,
                    const nodespan_array_options* options, nodespan_array* result) {
    return nodespan_array_open_csv(team, type, dimensions, file, NULL, options, result);
}

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

// An array that is made from a file has the extents that it finds there.
static void what_is_saved_is_opened(nodespan_team team, save_function* save, open_function* open,
                                    const char* file) {
    for (int order = NODESPAN_ROW_MAJOR; order <= NODESPAN_COLUMN_MAJOR; ++order) {
        nodespan_array from = make(team, NODESPAN_FLOAT32, (nodespan_order)order, extents);
        nodespan_array made = NULL;
        nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
        int64_t found[2] = {0, 0};
        int size = 0;
        const int last = my_rank() == (nodespan_team_size(team, &size), size - 1);
        options.order = (nodespan_order)order;
        fill(team, from, extents);
        OK(save(from, file));

        OK(open(team, NODESPAN_FLOAT32, 2, file, &options, &made));

        OK(nodespan_array_extents(made, found));
        CHECK(found[0] == extents[0] && found[1] == extents[1]);
        check_filled(made, extents);
        OK(nodespan_array_free(&made));
        REFUSED(NODESPAN_ERROR_IO, file, open(team, NODESPAN_FLOAT32, 1, file, &options, &made));
        CHECK(nodespan_last_error_is_collective());
        REFUSED(NODESPAN_ERROR_IO, "No such file",
                open(team, NODESPAN_FLOAT32, 2, "no such file", NULL, &made));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "file is null",
                open(team, NODESPAN_FLOAT32, 2, last ? NULL : file, NULL, &made));
        CHECK(nodespan_last_error_is_collective());
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "13 is no nodespan_type",
                open(team, last ? (nodespan_type)13 : NODESPAN_FLOAT32, 2, file, NULL, &made));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "0 dimensions",
                open(team, NODESPAN_FLOAT32, last ? 0 : 2, file, NULL, &made));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "result is null",
                open(team, NODESPAN_FLOAT32, 2, file, NULL, last ? NULL : &made));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "team is null",
                open(NULL, NODESPAN_FLOAT32, 2, file, NULL, &made));
        if (size > 1) {
            REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "",
                    open(team, last ? NODESPAN_FLOAT64 : NODESPAN_FLOAT32, 2, file, NULL, &made));
            REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "",
                    open(team, NODESPAN_FLOAT32, last ? 1 : 2, file, NULL, &made));
        }
        CHECK(made == NULL);
        OK(nodespan_array_free(&from));
    }
}

static void tables_of_text_have_a_form(nodespan_team team, const char* file) {
    static const char* const names[4] = {"a", "b", "c", "d"};
    static const char* const holes[4] = {"a", "b", NULL, "d"};
    const int64_t cube[3] = {2, 2, 2}, one = 1;
    nodespan_array field = make(team, NODESPAN_FLOAT32, NODESPAN_ROW_MAJOR, extents);
    nodespan_array waves = NULL, block = NULL;
    nodespan_csv_options csv = NODESPAN_CSV_OPTIONS_INIT;
    char line[16] = "";
    OK(nodespan_array_create(team, NODESPAN_COMPLEX64, 1, &one, NULL, &waves));
    OK(nodespan_array_create(team, NODESPAN_INT8, 3, cube, NULL, &block));
    fill(team, field, extents);
    csv.separator = ';';
    csv.names = names;

    OK(nodespan_array_save_csv(field, file, &csv));

    MPI_Barrier(MPI_COMM_WORLD);
    FILE* const text = fopen(file, "r");
    CHECK(text != NULL && fgets(line, sizeof line, text) != NULL && strcmp(line, "a;b;c;d\n") == 0);
    CHECK(text != NULL && fgets(line, sizeof line, text) != NULL && strcmp(line, "1;2;3;4\n") == 0);
    if (text != NULL) fclose(text);
    csv.header = NODESPAN_HEADER_ABSENT;
    REFUSED(NODESPAN_ERROR_IO, "10 rows of 4 columns", nodespan_array_load_csv(field, file, &csv));
    csv.header = NODESPAN_HEADER_PRESENT;
    OK(nodespan_array_load_csv(field, file, &csv));
    check_filled(field, extents);
    csv.header = (nodespan_csv_header)9;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "9 is no nodespan_csv_header",
            nodespan_array_load_csv(field, file, &csv));
    csv.header = NODESPAN_HEADER_DETECT;
    csv.names = holes;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "one of the names is null",
            nodespan_array_save_csv(field, file, &csv));
    csv.names = NULL;
    csv.separator = 'x';
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "", nodespan_array_save_csv(field, file, &csv));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type complex64",
            nodespan_array_save_csv(waves, file, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "3 dimensions",
            nodespan_array_save_csv(block, file, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "3 dimensions", nodespan_array_load_mtx(block, file));
    OK(nodespan_array_free(&field));
    OK(nodespan_array_free(&waves));
    OK(nodespan_array_free(&block));
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

static int open_from_group(nodespan_team team, nodespan_type type, int dimensions, const char* file,
                           const nodespan_array_options* options, nodespan_array* result) {
    return nodespan_array_open_hdf5(team, type, dimensions, file, "run/7/field", options, result);
}

// Overwrites a byte of the file.
static void damage(const char* file) {
    FILE* const to = fopen(file, "r+b");
    CHECK(to != NULL && fseek(to, 3000, SEEK_SET) == 0 && fputc(77, to) == 77);
    if (to != NULL) fclose(to);
}

static void a_run_is_resumed_from_what_is_whole(nodespan_team team, const char* folder) {
    const nodespan_checkpoint_options options = {3, 1};
    nodespan_array field = make(team, NODESPAN_FLOAT32, NODESPAN_COLUMN_MAJOR, extents);
    nodespan_array flags = make(team, NODESPAN_BOOL, NODESPAN_ROW_MAJOR, extents);
    nodespan_array gone = make(team, NODESPAN_INT8, NODESPAN_ROW_MAJOR, extents);
    nodespan_checkpoint saved = NULL;
    double time = 1.5;
    uint64_t seed = UINT64_MAX;
    _Bool is_warm = 1;
    int64_t step = 7;
    int refusals = -1;
    char file[4200];
    OK(nodespan_checkpoint_create(team, folder, &options, &saved));
    OK(nodespan_checkpoint_add_array(saved, "field", field));
    OK(nodespan_checkpoint_add_value(saved, "time", NODESPAN_FLOAT64, &time));
    OK(nodespan_checkpoint_add_value(saved, "seed", NODESPAN_UINT64, &seed));
    OK(nodespan_checkpoint_add_value(saved, "is_warm", NODESPAN_BOOL, &is_warm));
    OK(nodespan_checkpoint_latest(saved, &step));
    CHECK(step == -1);
    fill(team, field, extents);

    OK(nodespan_checkpoint_write(saved, 10));
    time = 2.5;
    OK(nodespan_checkpoint_write(saved, 20));
    if (my_rank() == 0) {
        snprintf(file, sizeof file, "%s/step-000000000020.h5", folder);
        damage(file);
    }
    OK(nodespan_team_fence(team));
    time = 0;
    seed = 0;
    is_warm = 0;
    OK(nodespan_checkpoint_restore(saved, &step));

    CHECK(step == 10 && time == 1.5 && seed == UINT64_MAX && is_warm);
    check_filled(field, extents);
    OK(nodespan_checkpoint_refusals(saved, &refusals));
    CHECK(refusals == 1);
    CHECK(nodespan_checkpoint_refusal(saved, 0) != NULL &&
          strstr(nodespan_checkpoint_refusal(saved, 0), "step-000000000020") != NULL);
    CHECK(nodespan_checkpoint_refusal(saved, 1) == NULL);
    CHECK(nodespan_checkpoint_refusal(saved, -1) == NULL);
    CHECK(nodespan_checkpoint_refusal(NULL, 0) == NULL);
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type bool",
            nodespan_checkpoint_add_array(saved, "flags", flags));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "type complex64; put complex numbers into an array",
            nodespan_checkpoint_add_value(saved, "wave", NODESPAN_COMPLEX64, &time));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "value is null",
            nodespan_checkpoint_add_value(saved, "x", NODESPAN_FLOAT64, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "the handle of a checkpoint, not of an array",
            nodespan_checkpoint_add_array(saved, "x", (nodespan_array)(void*)saved));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "no step", nodespan_checkpoint_write(saved, -3));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "step is null",
            nodespan_checkpoint_restore(saved, my_rank() == 0 ? NULL : &step));
    CHECK(nodespan_last_error_is_collective());
    OK(nodespan_checkpoint_add_array(saved, "gone", gone));
    OK(nodespan_array_free(&gone));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "the array \"gone\" has been freed",
            nodespan_checkpoint_write(saved, 30));
    CHECK(nodespan_last_error_is_collective());
    OK(nodespan_checkpoint_add_value(saved, "gone", NODESPAN_INT64, &step)); // in its place
    OK(nodespan_checkpoint_write(saved, 30));
    OK(nodespan_checkpoint_free(&saved));
    CHECK(saved == NULL);
    const nodespan_checkpoint_options none = {-1, 0};
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "at least 1",
            nodespan_checkpoint_create(team, folder, &none, &saved));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "folder is null",
            nodespan_checkpoint_create(team, NULL, NULL, &saved));
    OK(nodespan_array_free(&field));
    OK(nodespan_array_free(&flags));
    OK(nodespan_team_fence(team));
    for (int k = 10; my_rank() == 0 && k <= 30; k += 10) {
        snprintf(file, sizeof file, "%s/step-0000000000%d.h5", folder, k);
        remove(file);
    }
    if (my_rank() == 0) CHECK(remove(folder) == 0); // nothing else is there
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
    what_is_saved_is_opened(team, nodespan_array_save_npy, nodespan_array_open_npy, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
    snprintf(file, sizeof file, "%s.csv", argv[1]);
    what_is_saved_is_opened(team, save_csv, open_csv, file);
    calls_that_cannot_be_are_refused_on_all_ranks(team, save_csv, load_csv, file);
    tables_of_text_have_a_form(team, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
    snprintf(file, sizeof file, "%s.mtx", argv[1]);
    what_is_saved_is_opened(team, nodespan_array_save_mtx, nodespan_array_open_mtx, file);
    calls_that_cannot_be_are_refused_on_all_ranks(team, nodespan_array_save_mtx,
                                                  nodespan_array_load_mtx, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
#ifdef NODESPAN_HAS_HDF5
    snprintf(file, sizeof file, "%s.h5", argv[1]);
    what_is_saved_is_loaded(team, save_in_group, load_from_group, file);
    calls_that_cannot_be_are_refused_on_all_ranks(team, save_in_group, load_from_group, file);
    what_is_saved_is_opened(team, save_in_group, open_from_group, file);
    datasets_are_added_and_overwritten(team, file);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) remove(file);
    snprintf(file, sizeof file, "%s.run", argv[1]);
    a_run_is_resumed_from_what_is_whole(team, file);
#endif

    OK(nodespan_team_free(&team));
    const int result = verdict("c_files_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
