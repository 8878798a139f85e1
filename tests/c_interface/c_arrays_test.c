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

    OK(nodespan_team_free(&team));
    const int result = verdict("c_arrays_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
