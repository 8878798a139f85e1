// Where elements are, and how they are reached: directly, by transfers, by atomics.

#include "check.h"

#include <math.h>
#include <stdlib.h>

static int64_t size_of(const int64_t* lo, const int64_t* hi, int dimensions) {
    int64_t size = 1;
    for (int d = 0; d < dimensions; ++d) size *= hi[d] > lo[d] ? hi[d] - lo[d] : 0;
    return size;
}

// Writes 100 i + j at (i, j) to the elements of this rank.
static void number_elements(nodespan_array field) {
    int64_t lo[2], hi[2], strides[2];
    void* data = NULL;
    OK(nodespan_array_rank_box(field, lo, hi));
    OK(nodespan_array_local(field, &data, strides));
    for (int64_t i = lo[0]; i < hi[0]; ++i)
        for (int64_t j = lo[1]; j < hi[1]; ++j)
            ((double*)data)[(i - lo[0]) * strides[0] + (j - lo[1]) * strides[1]] =
                (double)(100 * i + j);
    OK(nodespan_array_fence(field));
}

static void boxes_cover_the_array_once(nodespan_team team, nodespan_array field) {
    int size = 0, nodes = 0;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_nodes(team, &nodes));
    int64_t lo[2], hi[2], extents[2], by_rank = 0, by_node = 0;
    OK(nodespan_array_extents(field, extents));

    for (int rank = 0; rank < size; ++rank) {
        OK(nodespan_array_rank_box_of(field, rank, lo, hi));
        by_rank += size_of(lo, hi, 2);
    }
    for (int node = 0; node < nodes; ++node) {
        OK(nodespan_array_node_box_of(field, node, lo, hi));
        by_node += size_of(lo, hi, 2);
        for (int64_t i = lo[0]; i < hi[0]; ++i)
            for (int64_t j = lo[1]; j < hi[1]; ++j) {
                const int64_t at[2] = {i, j};
                int owner = -1;
                OK(nodespan_array_owner_node(field, at, &owner));
                CHECK(owner == node);
            }
    }

    CHECK(by_rank == extents[0] * extents[1]);
    CHECK(by_node == extents[0] * extents[1]);
}

// Element k of the box that begins at lo, of a buffer in the order of the array.
static double expected_in(const int64_t* lo, const int64_t* hi, int64_t k, nodespan_order order) {
    const int64_t rows = hi[0] - lo[0], columns = hi[1] - lo[1];
    const int64_t i = lo[0] + (order == NODESPAN_ROW_MAJOR ? k / columns : k % rows);
    const int64_t j = lo[1] + (order == NODESPAN_ROW_MAJOR ? k % columns : k / rows);
    return (double)(100 * i + j);
}

static void elements_are_where_they_belong(nodespan_team team, nodespan_order order,
                                           const int* node_grid, const int* rank_grid) {
    const int64_t extents[2] = {12, 7}, begin[2] = {0, 0}, lo[2] = {3, 1}, hi[2] = {9, 6};
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.order = order;
    options.node_grid = node_grid;
    options.rank_grid = rank_grid;
    nodespan_array field = NULL;
    nodespan_type type = NODESPAN_BOOL;
    nodespan_order found = NODESPAN_ROW_MAJOR;
    int dimensions = 0, size = 0, node = 0;
    int64_t strides[2], box_lo[2], box_hi[2];
    double all[12 * 7], part[6 * 5];
    void* data = NULL;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_node(team, &node));
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &field));

    number_elements(field);

    OK(nodespan_array_type(field, &type));
    OK(nodespan_array_order(field, &found));
    OK(nodespan_array_dimensions(field, &dimensions));
    CHECK(type == NODESPAN_FLOAT64 && found == order && dimensions == 2);
    boxes_cover_the_array_once(team, field);
    OK(nodespan_array_get(field, begin, extents, all, 12 * 7));
    for (int64_t k = 0; k < 12 * 7; ++k) CHECK(all[k] == expected_in(begin, extents, k, order));
    OK(nodespan_array_get(field, lo, hi, part, 6 * 5));
    for (int64_t k = 0; k < 6 * 5; ++k) CHECK(part[k] == expected_in(lo, hi, k, order));

    OK(nodespan_array_node(field, &data, strides));
    CHECK(strides[order == NODESPAN_ROW_MAJOR ? 1 : 0] == 1);
    OK(nodespan_array_node_box(field, box_lo, box_hi));
    for (int64_t k = 0; k < size_of(box_lo, box_hi, 2); ++k) // dense, without ghosts
        CHECK(((double*)data)[k] == expected_in(box_lo, box_hi, k, order));
    for (int rank = 0; rank < size; ++rank) {
        int of = -1;
        OK(nodespan_team_node_of(team, rank, &of));
        if (of != node) continue;
        OK(nodespan_array_rank_box_of(field, rank, box_lo, box_hi));
        if (size_of(box_lo, box_hi, 2) == 0) continue;
        OK(nodespan_array_block(field, rank, &data, strides));
        CHECK(((double*)data)[0] == (double)(100 * box_lo[0] + box_lo[1]));
    }
    OK(nodespan_array_fence(field));
    OK(nodespan_array_free(&field));
    CHECK(field == NULL);
}

// Any type in any number of dimensions is put by one rank, and read by all, bit by bit.
static void every_type_in_every_dimension_is_moved(nodespan_team team) {
    const int64_t extents[6] = {5, 3, 2, 2, 1, 2}, begin[6] = {0, 0, 0, 0, 0, 0};
    int rank = 0;
    OK(nodespan_team_rank(team, &rank));
    for (int type = 0; type <= NODESPAN_COMPLEX128; ++type)
        for (int dimensions = 1; dimensions <= NODESPAN_MAX_DIMENSIONS; ++dimensions) {
            const int64_t count = size_of(begin, extents, dimensions);
            const size_t bytes = (size_t)count * nodespan_type_size((nodespan_type)type);
            unsigned char *from = malloc(bytes), *to = malloc(bytes);
            if (from == NULL || to == NULL) abort();
            for (size_t k = 0; k < bytes; ++k)
                from[k] = (unsigned char)(type == NODESPAN_BOOL ? k % 2 : k % 51 + (size_t)type);
            nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
            options.order = dimensions % 2 == 0 ? NODESPAN_COLUMN_MAJOR : NODESPAN_ROW_MAJOR;
            nodespan_array any = NULL;
            OK(nodespan_array_create(team, (nodespan_type)type, dimensions, extents, &options,
                                     &any));

            if (rank == 0) OK(nodespan_array_put(any, begin, extents, from, count));
            OK(nodespan_array_fence(any));
            OK(nodespan_array_get(any, begin, extents, to, count));

            CHECK(memcmp(from, to, bytes) == 0);
            OK(nodespan_array_free(&any));
            free(from);
            free(to);
        }
}

static void accumulate_combines_what_all_ranks_bring(nodespan_team team) {
    static const nodespan_op ops[] = {NODESPAN_SUM,     NODESPAN_MIN,  NODESPAN_MAX, NODESPAN_PROD,
                                      NODESPAN_REPLACE, NODESPAN_FMIN, NODESPAN_FMAX};
    const int64_t extents[1] = {9}, lo[1] = {2}, hi[1] = {8}, begin[1] = {0};
    int rank = 0, size = 0;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));
    nodespan_array numbers = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 1, extents, NULL, &numbers));
    for (int k = 0; k < 7; ++k) {
        double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, all[9], from[6];
        const double scale = 0.5;
        double expected[7] = {1, 1, 1, 1, 1.5, 1, 1};
        for (int r = 0; r < size; ++r) {
            const double comes = scale * (r + 3);
            expected[0] += comes;
            expected[1] = comes < expected[1] ? comes : expected[1];
            expected[2] = comes > expected[2] ? comes : expected[2];
            expected[3] *= comes;
        }
        expected[5] = expected[1];
        expected[6] = expected[2];
        for (int i = 0; i < 6; ++i) from[i] = ops[k] == NODESPAN_REPLACE ? 3 : rank + 3;
        if (rank == 0) OK(nodespan_array_put(numbers, begin, extents, ones, 9));
        OK(nodespan_array_fence(numbers));

        OK(nodespan_array_accumulate(numbers, ops[k], lo, hi, from, 6, &scale));

        OK(nodespan_array_fence(numbers));
        OK(nodespan_array_get(numbers, begin, extents, all, 9));
        for (int i = 0; i < 9; ++i) CHECK(all[i] == (i >= 2 && i < 8 ? expected[k] : 1));
        OK(nodespan_array_fence(numbers));
    }
    OK(nodespan_array_free(&numbers));
}

// The last rank brings a NaN.
static void nans_reach_min_and_max_but_neither_fmin_nor_fmax(nodespan_team team) {
    static const nodespan_op ops[] = {NODESPAN_MIN, NODESPAN_MAX, NODESPAN_FMIN, NODESPAN_FMAX};
    const int64_t extents[1] = {4}, begin[1] = {0};
    int rank = 0, size = 0;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));
    nodespan_array numbers = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT32, 1, extents, NULL, &numbers));
    for (int k = 0; k < 4; ++k) {
        const float before[4] = {5, 5, 5, 5}, comes = rank == size - 1 ? NAN : 5;
        const float from[4] = {comes, 5, comes, 5};
        float all[4];
        if (rank == 0) OK(nodespan_array_put(numbers, begin, extents, before, 4));
        OK(nodespan_array_fence(numbers));

        OK(nodespan_array_accumulate(numbers, ops[k], begin, extents, from, 4, NULL));

        OK(nodespan_array_fence(numbers));
        OK(nodespan_array_get(numbers, begin, extents, all, 4));
        for (int i = 0; i < 4; ++i) CHECK(i % 2 == 0 && k < 2 ? isnan(all[i]) != 0 : all[i] == 5);
        OK(nodespan_array_fence(numbers));
    }
    OK(nodespan_array_free(&numbers));
}

static void fetch_add_gives_every_number_once(nodespan_team team) {
    enum { rounds = 50 };
    const int64_t extents[2] = {2, 3}, at[2] = {1, 2}, end[2] = {2, 3}, one = 1;
    int size = 0;
    OK(nodespan_team_size(team, &size));
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.order = NODESPAN_COLUMN_MAJOR;
    nodespan_array tickets = NULL;
    OK(nodespan_array_create(team, NODESPAN_INT64, 2, extents, &options, &tickets));
    int64_t mine = 0, all = 0, before = -1, last = -1, found = -1;

    for (int k = 0; k < rounds; ++k) {
        OK(nodespan_array_fetch_add(tickets, at, &one, &before));
        CHECK(before > last);
        last = before;
        mine += before;
    }

    MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    const int64_t n = (int64_t)rounds * size;
    CHECK(all == n * (n - 1) / 2);
    OK(nodespan_array_fence(tickets));
    OK(nodespan_array_get(tickets, at, end, &found, 1));
    CHECK(found == n);
    OK(nodespan_array_fence(tickets));
    OK(nodespan_array_free(&tickets));
}

static int64_t first_of(nodespan_array field, int64_t* count) {
    int64_t lo[2], hi[2];
    OK(nodespan_array_rank_box(field, lo, hi));
    *count = hi[0] - lo[0];
    return lo[0];
}

static void arrays_are_moved_and_turned(nodespan_team team, nodespan_order order) {
    int size = 0, rank = 0, nodes = 0;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_nodes(team, &nodes));
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    nodespan_array field = NULL, turned = NULL, small = NULL;
    const int64_t extents[2] = {13, 7}, reverse[2] = {7, 13}, larger[2] = {15, 5};
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, NULL, &field));
    number_elements(field);
    options.order = order;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, reverse, &options, &turned));
    OK(nodespan_array_create(team, NODESPAN_FLOAT32, 2, reverse, &options, &small));
    const int64_t at[2] = {3, 11}, next[2] = {4, 12};
    double value = 0;

    OK(nodespan_array_transpose(field, turned, NULL));
    OK(nodespan_array_fence(turned));
    OK(nodespan_array_get(turned, at, next, &value, 1));
    CHECK(value == 1103);
    const int64_t from_lo[2] = {0, 0}, from_hi[2] = {2, 3}, to_lo[2] = {3, 10}, to_hi[2] = {5, 13};
    OK(nodespan_array_fence(turned));
    OK(nodespan_array_copy(field, from_lo, from_hi, turned, to_lo, to_hi));
    OK(nodespan_array_fence(turned));
    OK(nodespan_array_get(turned, at, next, &value, 1));
    CHECK(value == 1); // what was at (0, 1)
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "take another one",
            nodespan_array_transpose(field, field, NULL));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "it takes those of one",
            nodespan_array_transpose(field, small, NULL));
    const int axes[2] = {rank == 0, rank != 0};
    if (size > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "different arguments",
                nodespan_array_transpose(turned, field, axes));

    const int node_grid[2] = {1, nodes}, rank_grid[2] = {1, 0};
    OK(nodespan_array_redistribute(field, node_grid, rank_grid, NULL));
    OK(nodespan_array_resize(field, larger));
    int64_t lo[2], hi[2], found[2];
    OK(nodespan_array_extents(field, found));
    CHECK(found[0] == 15 && found[1] == 5);
    OK(nodespan_array_rank_box(field, lo, hi));
    CHECK(hi[0] == lo[0] || (lo[0] == 0 && hi[0] == 15)); // cut by columns now
    const int64_t kept[2] = {12, 4}, behind_kept[2] = {13, 5}, zero[2] = {13, 4},
                  behind_zero[2] = {14, 5};
    OK(nodespan_array_get(field, kept, behind_kept, &value, 1));
    CHECK(value == 1204);
    OK(nodespan_array_get(field, zero, behind_zero, &value, 1));
    CHECK(value == 0);
    OK(nodespan_array_argmax(field, found));
    CHECK(found[0] == 12 && found[1] == 4);
    OK(nodespan_team_fence(team));
    OK(nodespan_array_free(&field));
    OK(nodespan_array_free(&turned));
    OK(nodespan_array_free(&small));
}

// Every element of a block-cyclic array lies where its place says, and comes back from there.
static void blocks_are_dealt_to_nodes(nodespan_team team, nodespan_order order) {
    int node = 0, nodes = 0, owner = 0;
    OK(nodespan_team_node(team, &node));
    OK(nodespan_team_nodes(team, &nodes));
    const int64_t extents[2] = {13, 7}, block[2] = {2, 3};
    const int grid[2] = {1, nodes};
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.order = order;
    options.block = block;
    nodespan_array field = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &field));
    OK(nodespan_array_redistribute(field, grid, NULL, block));
    int64_t own[2], strides[2], at[2], place[2], mine = 0;
    void* data = NULL;
    OK(nodespan_array_local_extents(field, own));
    OK(nodespan_array_local(field, &data, strides));
    for (place[0] = 0; place[0] < own[0]; ++place[0])
        for (place[1] = 0; place[1] < own[1]; ++place[1]) {
            OK(nodespan_array_local_index(field, place, at));
            ((double*)data)[place[0] * strides[0] + place[1] * strides[1]] =
                (double)(100 * at[0] + at[1]);
            ++mine;
        }
    OK(nodespan_array_fence(field));

    OK(nodespan_team_all_reduce(team, NODESPAN_INT64, &mine, 1, NODESPAN_SUM));
    CHECK(mine == 13 * 7);
    OK(nodespan_array_node(field, &data, strides));
    for (at[0] = 0; at[0] < 13; ++at[0])
        for (at[1] = 0; at[1] < 7; ++at[1]) {
            const int64_t next[2] = {at[0] + 1, at[1] + 1};
            int64_t back[2];
            double found = -1;
            OK(nodespan_array_get(field, at, next, &found, 1));
            CHECK(found == (double)(100 * at[0] + at[1]));
            OK(nodespan_array_owner_node(field, at, &owner));
            CHECK(owner == (int)(at[1] / 3 % nodes));
            if (owner != node) continue;
            OK(nodespan_array_node_place(field, at, place));
            CHECK(((double*)data)[place[0] * strides[0] + place[1] * strides[1]] == found);
            OK(nodespan_array_node_index(field, place, back));
            CHECK(back[0] == at[0] && back[1] == at[1]);
        }
    const int64_t beyond[2] = {13, 0};
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "outside", nodespan_array_node_index(field, beyond, at));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "block-cyclic",
            nodespan_array_rank_box(field, at, at));
    OK(nodespan_array_fence(field));
    OK(nodespan_array_free(&field));
}

static void a_matrix_is_described_for_scalapack(nodespan_team team) {
    int size = 0, nodes = 0;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_nodes(team, &nodes));
    const int64_t extents[2] = {9, 10}, block[2] = {2, 4};
    const int grid[2] = {1, nodes};
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.order = NODESPAN_COLUMN_MAJOR;
    options.block = block;
    options.node_grid = grid;
    nodespan_array matrix = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &matrix));
    int descriptor[9], found[2];
    void *data = NULL, *node = NULL;
    OK(nodespan_array_node(matrix, &node, NULL));

    if (size == nodes) {
        OK(nodespan_array_scalapack(matrix, 77, descriptor, found, &data));
        const int expected[9] = {1, 77, 9, 10, 2, 4, 0, 0, 9};
        for (int k = 0; k < 9; ++k) CHECK(descriptor[k] == expected[k]);
        CHECK(found[0] == 1 && found[1] == nodes && data == node);
    } else
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "one rank a node",
                nodespan_array_scalapack(matrix, 77, descriptor, found, &data));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "grid is null",
            nodespan_array_scalapack(matrix, 77, descriptor, NULL, &data));
    OK(nodespan_array_free(&matrix));
}

static void arrays_are_sorted_and_summed(nodespan_team team) {
    const int64_t extent[1] = {101};
    nodespan_array keys = NULL, places = NULL, complexes = NULL;
    OK(nodespan_array_create(team, NODESPAN_INT32, 1, extent, NULL, &keys));
    OK(nodespan_array_create(team, NODESPAN_INT64, 1, extent, NULL, &places));
    OK(nodespan_array_create(team, NODESPAN_COMPLEX64, 1, extent, NULL, &complexes));
    void *data = NULL, *along = NULL;
    int64_t count = 0, strides[1], at[1];
    const int64_t first = first_of(keys, &count);
    OK(nodespan_array_local(keys, &data, strides));
    OK(nodespan_array_local(places, &along, strides));
    for (int64_t i = 0; i < count; ++i) {
        ((int32_t*)data)[i] = (int32_t)((first + i) * 37 % 101);
        ((int64_t*)along)[i] = first + i;
    }
    OK(nodespan_array_argmin(keys, at));
    CHECK(at[0] == 0);
    OK(nodespan_array_argmax(keys, at));
    CHECK(at[0] * 37 % 101 == 100);

    OK(nodespan_array_sort_by_key(keys, places));
    for (int64_t i = 0; i < count; ++i) {
        CHECK(((int32_t*)data)[i] == first + i);
        CHECK(((int64_t*)along)[i] * 37 % 101 == first + i);
    }
    OK(nodespan_array_sort(places));
    for (int64_t i = 0; i < count; ++i) CHECK(((int64_t*)along)[i] == first + i);
    const double edges[3] = {0, 10, 100};
    int64_t bins[2] = {0, 0};
    OK(nodespan_array_histogram(keys, edges, 3, bins));
    CHECK(bins[0] == 10 && bins[1] == 91);
    OK(nodespan_array_cumsum(keys, keys));
    for (int64_t i = 0; i < count; ++i)
        CHECK(((int32_t*)data)[i] == (first + i) * (first + i + 1) / 2);
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "have no order", nodespan_array_sort(complexes));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "8 bytes", nodespan_array_sort_by_key(places, keys));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "do not ascend",
            nodespan_array_histogram(keys, edges, 1, bins));
    OK(nodespan_array_free(&keys));
    OK(nodespan_array_free(&places));
    OK(nodespan_array_free(&complexes));
}

#ifdef NODESPAN_HAS_LINALG
static void matrices_are_multiplied(nodespan_team team, nodespan_order order) {
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.order = order;
    const int64_t extents[2] = {6, 4}, square[2] = {4, 4}, at[2] = {1, 2}, next[2] = {2, 3};
    nodespan_array a = NULL, c = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, extents, &options, &a));
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 2, square, &options, &c));
    number_elements(a);
    double expected = 0, found = 0, twice = 2;
    for (int i = 0; i < 6; ++i) expected += 2.0 * (100 * i + 1) * (100 * i + 2);

    OK(nodespan_array_multiply(a, a, c, &twice, NULL, NODESPAN_TRANSPOSED, NODESPAN_AS_IS));

    OK(nodespan_array_get(c, at, next, &found, 1));
    CHECK(found == expected);
    OK(nodespan_array_fence(c));
    REFUSED(NODESPAN_ERROR_SIZE_MISMATCH, "is no",
            nodespan_array_multiply(a, a, c, NULL, NULL, NODESPAN_AS_IS, NODESPAN_TRANSPOSED));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "one of the factors",
            nodespan_array_multiply(c, c, c, NULL, NULL, NODESPAN_AS_IS, NODESPAN_AS_IS));
    OK(nodespan_array_free(&a));
    OK(nodespan_array_free(&c));
}
#endif

int main(void) {
    const int along_second[2] = {1, 0}, along_first[2] = {0, 1};
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    OK(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    OK(nodespan_team_create(MPI_COMM_WORLD, 0, &team));

    elements_are_where_they_belong(team, NODESPAN_ROW_MAJOR, NULL, NULL);
    elements_are_where_they_belong(team, NODESPAN_COLUMN_MAJOR, NULL, NULL);
    elements_are_where_they_belong(team, NODESPAN_ROW_MAJOR, along_second, along_first);
    elements_are_where_they_belong(team, NODESPAN_COLUMN_MAJOR, along_first, along_second);
    every_type_in_every_dimension_is_moved(team);
    accumulate_combines_what_all_ranks_bring(team);
    nans_reach_min_and_max_but_neither_fmin_nor_fmax(team);
    fetch_add_gives_every_number_once(team);
    arrays_are_moved_and_turned(team, NODESPAN_ROW_MAJOR);
    arrays_are_moved_and_turned(team, NODESPAN_COLUMN_MAJOR);
    blocks_are_dealt_to_nodes(team, NODESPAN_ROW_MAJOR);
    blocks_are_dealt_to_nodes(team, NODESPAN_COLUMN_MAJOR);
    a_matrix_is_described_for_scalapack(team);
    arrays_are_sorted_and_summed(team);
#ifdef NODESPAN_HAS_LINALG
    matrices_are_multiplied(team, NODESPAN_ROW_MAJOR);
    matrices_are_multiplied(team, NODESPAN_COLUMN_MAJOR);
#endif

    OK(nodespan_team_free(&team));
    const int result = verdict("c_arrays_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
