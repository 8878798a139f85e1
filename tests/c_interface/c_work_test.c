// What ranks do together: collective calls, lists of elements, counters and work that is shared,
// queues, rings, tables.

#include "check.h"

static int rank_of(nodespan_team team) {
    int rank = -1;
    OK(nodespan_team_rank(team, &rank));
    return rank;
}

static int size_of(nodespan_team team) {
    int size = -1;
    OK(nodespan_team_size(team, &size));
    return size;
}

static void all_ranks_get_the_sum_and_one_the_largest(nodespan_team team) {
    enum { count = 20000 }; // beyond what one meeting carries
    const int rank = rank_of(team), size = size_of(team), root = size - 1;
    static int64_t many[count];
    double pair[2] = {rank + 1, -rank};
    int32_t largest = 10 * rank;
    float complex_number[2] = {1, (float)rank};
    for (int k = 0; k < count; ++k) many[k] = k + rank;

    OK(nodespan_team_all_reduce(team, NODESPAN_FLOAT64, pair, 2, NODESPAN_SUM));
    OK(nodespan_team_all_reduce(team, NODESPAN_INT64, many, count, NODESPAN_SUM));
    OK(nodespan_team_all_reduce(team, NODESPAN_COMPLEX64, complex_number, 1, NODESPAN_SUM));
    OK(nodespan_team_reduce(team, NODESPAN_INT32, &largest, 1, NODESPAN_MAX, root));

    const int64_t of_ranks = (int64_t)size * (size - 1) / 2;
    CHECK(pair[0] == (double)(of_ranks + size) && pair[1] == -(double)of_ranks);
    for (int k = 0; k < count; ++k) CHECK(many[k] == (int64_t)k * size + of_ranks);
    CHECK(complex_number[0] == (float)size && complex_number[1] == (float)of_ranks);
    CHECK(largest == (rank == root ? 10 * (size - 1) : 10 * rank));
    OK(nodespan_team_all_reduce(team, NODESPAN_FLOAT64, NULL, 0, NODESPAN_SUM));
}

static void the_root_tells_all_ranks(nodespan_team team) {
    const int rank = rank_of(team), root = size_of(team) / 2;
    char text[11] = "..........";
    _Bool truth = rank == root;
    if (rank == root) memcpy(text, "of a root!", sizeof text);

    OK(nodespan_team_broadcast(team, NODESPAN_UINT8, text, sizeof text, root));
    OK(nodespan_team_broadcast(team, NODESPAN_BOOL, &truth, 1, root));

    CHECK(strcmp(text, "of a root!") == 0);
    CHECK(truth);
}

// The last rank alone passes what nobody can use: no rank goes on as if all were well.
static void collective_calls_refuse_what_one_rank_gets_wrong(nodespan_team team) {
    const int last = rank_of(team) == size_of(team) - 1, many = size_of(team) > 1;
    const int expected =
        many ? NODESPAN_ERROR_MISMATCHED_ARGUMENTS : NODESPAN_ERROR_INVALID_ARGUMENT;
    double value = 7, none[2] = {0, 0};

    REFUSED(
        expected, many ? "all_reduce" : "values is null",
        nodespan_team_all_reduce(team, NODESPAN_FLOAT64, last ? NULL : &value, 1, NODESPAN_SUM));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(expected, many ? "broadcast" : "a count of -1",
            nodespan_team_broadcast(team, NODESPAN_FLOAT64, &value, last ? -1 : 1, 0));
    REFUSED(expected, many ? "reduce" : "99 is no nodespan_type",
            nodespan_team_reduce(team, last ? (nodespan_type)99 : NODESPAN_FLOAT64, &value, 1,
                                 NODESPAN_SUM, 0));
    if (many) {
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "all_reduce(2 of float64, sum)",
                nodespan_team_all_reduce(team, NODESPAN_FLOAT64, none, last ? 2 : 1, NODESPAN_SUM));
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "max",
                nodespan_team_all_reduce(team, NODESPAN_FLOAT64, &value, 1,
                                         last ? NODESPAN_MAX : NODESPAN_SUM));
    }
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "values is null", // all of them
            nodespan_team_broadcast(team, NODESPAN_INT8, NULL, 4, 0));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "no such operation",
            nodespan_team_all_reduce(team, NODESPAN_FLOAT64, &value, 1, (nodespan_op)77));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "no such operation",
            nodespan_team_all_reduce(team, NODESPAN_BOOL, &value, 1, NODESPAN_SUM));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "root 4",
            nodespan_team_broadcast(team, NODESPAN_FLOAT64, &value, 1, 4));
    CHECK(value == 7);
    OK(nodespan_team_all_reduce(team, NODESPAN_FLOAT64, &value, 1, NODESPAN_MIN)); // all is well
}

static void lists_of_elements_are_gathered_and_scattered(nodespan_team team, nodespan_order order) {
    const int64_t extents[2] = {4, 3}, begin[2] = {0, 0};
    const int64_t places[6] = {3, 1, 0, 2, 2, 0}, beyond[4] = {0, 0, 1, 3};
    const int64_t values[3] = {31, 2, 20}, one[3] = {1, 10, 100};
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    nodespan_array numbers = NULL;
    int64_t found[3] = {0, 0, 0}, all[12];
    options.order = order;
    OK(nodespan_array_create(team, NODESPAN_INT64, 2, extents, &options, &numbers));

    if (rank_of(team) == 0) OK(nodespan_array_scatter(numbers, places, 3, values));
    OK(nodespan_array_fence(numbers));
    OK(nodespan_array_scatter_add(numbers, places, 3, one));
    OK(nodespan_array_fence(numbers));
    OK(nodespan_array_gather(numbers, places, 3, found));

    for (int k = 0; k < 3; ++k) CHECK(found[k] == values[k] + one[k] * size_of(team));
    OK(nodespan_array_get(numbers, begin, extents, all, 12));
    CHECK(all[order == NODESPAN_ROW_MAJOR ? 3 * 3 + 1 : 3 + 1 * 4] == found[0]);
    CHECK(all[order == NODESPAN_ROW_MAJOR ? 2 : 2 * 4] == found[1]);
    OK(nodespan_array_scatter_all(numbers, places, rank_of(team) == 0 ? 3 : 0, values));
    OK(nodespan_array_scatter_add_all(numbers, places, 3, one));
    OK(nodespan_array_gather_all(numbers, places, 3, found));
    for (int k = 0; k < 3; ++k) CHECK(found[k] == values[k] + one[k] * size_of(team));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "gather_all(",
            nodespan_array_gather_all(numbers, rank_of(team) == 0 ? beyond : places, 2, found));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "a count of -1",
            nodespan_array_scatter_all(numbers, places, rank_of(team) == 0 ? -1 : 1, values));
    OK(nodespan_array_gather(numbers, NULL, 0, NULL));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "gather(",
            nodespan_array_gather(numbers, beyond, 2, found));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "a count of -1",
            nodespan_array_scatter(numbers, places, -1, values));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "places is null",
            nodespan_array_gather(numbers, NULL, 1, found));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "from is null",
            nodespan_array_scatter_add(numbers, places, 1, NULL));
    OK(nodespan_array_fence(numbers));
    OK(nodespan_array_free(&numbers));
}

static void a_counter_gives_every_number_once(nodespan_team team) {
    enum { rounds = 30 };
    const int size = size_of(team);
    nodespan_counter tickets = NULL;
    int64_t sum = 0, first = -1, lo = 0, hi = 0, n = 0;
    OK(nodespan_counter_create(team, 5, 4, &tickets));

    for (int k = 0; k < rounds; ++k) {
        OK(nodespan_counter_next(tickets, 2, &first));
        sum += 2 * first + 1;
    }

    OK(nodespan_team_all_reduce(team, NODESPAN_INT64, &sum, 1, NODESPAN_SUM));
    n = (int64_t)2 * rounds * size;
    CHECK(sum == n * 5 + n * (n - 1) / 2);
    OK(nodespan_counter_reset(tickets, 100));
    int64_t taken = 0;
    while (taken < 7) {
        OK(nodespan_counter_take(tickets, 7 - taken, &lo, &hi));
        CHECK(lo >= 100 && hi > lo && hi - lo <= 7 - taken);
        taken += hi - lo;
    }
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "needs at least 1",
            nodespan_counter_next(tickets, 0, &first));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "first is null",
            nodespan_counter_next(tickets, 1, NULL));
    if (size > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "nodespan_counter_reset",
                nodespan_counter_reset(tickets, rank_of(team)));
    OK(nodespan_counter_free(&tickets));
    CHECK(tickets == NULL);
    OK(nodespan_counter_free(&tickets));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "needs at least 1",
            nodespan_counter_create(team, 0, 0, &tickets));
    CHECK(nodespan_last_error_is_collective());
    if (size > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "nodespan_counter_create",
                nodespan_counter_create(team, 0, 1 + rank_of(team), &tickets));
    CHECK(tickets == NULL);
}

struct task {
    nodespan_array done;
    int fails; // at index 11
};

static int count_one(int64_t lo, int64_t hi, void* context) {
    const struct task* const mine = context;
    const int64_t one = 1;
    if (mine->fails && lo <= 11 && hi > 11) {
        const int64_t beyond = 1000;
        return nodespan_array_fetch_add(mine->done, &beyond, &one, NULL);
    }
    for (int64_t i = lo; i < hi; ++i) {
        const int64_t at = i - 3;
        if (nodespan_array_fetch_add(mine->done, &at, &one, NULL) != NODESPAN_SUCCESS) return 1;
    }
    return 0;
}

static void work_is_done_once_and_its_failure_is_told(nodespan_team team) {
    const int64_t n = 23, zero = 0;
    const int last = rank_of(team) == size_of(team) - 1;
    int64_t done[23], failures_seen = 0;
    struct task task = {NULL, 0};
    OK(nodespan_array_create(team, NODESPAN_INT64, 1, &n, NULL, &task.done));

    OK(nodespan_team_work_share(team, 3, 26, 4, count_one, &task));
    OK(nodespan_array_get(task.done, &zero, &n, done, n));
    for (int k = 0; k < n; ++k) CHECK(done[k] == 1);
    OK(nodespan_array_fence(task.done));

    task.fails = 1;
    const int code = nodespan_team_work_share(team, 3, 26, 1, count_one, &task);
    if (code == NODESPAN_ERROR_OTHER) {
        ++failures_seen;
        CHECK(strstr(nodespan_last_error_message(), "work(11, 12) returned 3 (nodespan: ") != NULL);
        CHECK(!nodespan_last_error_is_collective());
    } else {
        CHECK(code == NODESPAN_ERROR_PEER_LOST);
    }
    OK(nodespan_team_all_reduce(team, NODESPAN_INT64, &failures_seen, 1, NODESPAN_SUM));
    CHECK(failures_seen == 1); // and the team lives on

    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "chunks of 0",
            nodespan_team_work_share(team, 0, 3, 0, count_one, &task));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "work is null",
            nodespan_team_work_share(team, 0, 3, 1, last ? NULL : count_one, &task));
    CHECK(nodespan_last_error_is_collective());
    if (size_of(team) > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "nodespan_team_work_share",
                nodespan_team_work_share(team, 0, last ? 3 : 4, 1, count_one, &task));
    OK(nodespan_array_free(&task.done));
}

struct command {
    int64_t from;
    char what[8];
};

static void a_queue_hands_over_every_item_once(nodespan_team node) {
    enum { items = 40 };
    const int rank = rank_of(node), size = size_of(node);
    nodespan_queue queue = NULL;
    struct command item = {rank, "add"};
    int moved = -1, closed = -1;
    int64_t sum = 0, capacity = 0;
    OK(nodespan_queue_create(node, 64, sizeof item, &queue));
    OK(nodespan_queue_capacity(queue, &capacity));
    CHECK(capacity == 64);

    if (rank == 0) {
        for (int k = 0; k < items; ++k) {
            item.from = k;
            OK(nodespan_queue_put(queue, &item, &moved));
            CHECK(moved == 1);
            if (size > 1) continue;
            OK(nodespan_queue_try_get(queue, &item, &moved)); // alone: at once
            CHECK(moved == 1);
            sum += item.from;
            OK(nodespan_queue_task_done(queue));
        }
        OK(nodespan_queue_join(queue));
        OK(nodespan_queue_close(queue));
    } else {
        for (;;) {
            OK(nodespan_queue_get(queue, &item, &moved));
            if (!moved) break;
            CHECK(strcmp(item.what, "add") == 0);
            sum += item.from;
            OK(nodespan_queue_task_done(queue));
        }
    }

    OK(nodespan_team_all_reduce(node, NODESPAN_INT64, &sum, 1, NODESPAN_SUM));
    CHECK(sum == items * (items - 1) / 2);
    OK(nodespan_queue_is_closed(queue, &closed));
    CHECK(closed == 1);
    OK(nodespan_queue_try_put(queue, &item, &moved));
    CHECK(moved == 0);
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "task_done", nodespan_queue_task_done(queue));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "item is null",
            nodespan_queue_get(queue, NULL, &moved));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "is_put is null",
            nodespan_queue_put(queue, &item, NULL));
    OK(nodespan_team_fence(node));
    OK(nodespan_queue_free(&queue));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "items of 1025 bytes",
            nodespan_queue_create(node, 4, 1025, &queue));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "", nodespan_queue_create(node, 0, 8, &queue));
    if (size > 1)
        REFUSED(NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "queue<",
                nodespan_queue_create(node, 4, rank == 0 ? 8 : 16, &queue));
    CHECK(queue == NULL);
}

static void a_ring_hands_over_frames_in_place(nodespan_team node) {
    enum { frames = 25, elements = 100 };
    const int rank = rank_of(node), size = size_of(node);
    nodespan_ring_options options = NODESPAN_RING_OPTIONS_INIT;
    nodespan_ring ring = NULL;
    uint64_t sequence = 99, count = 0;
    void* place = NULL;
    const void* frame = NULL;
    int is_there = -1;
    options.producer = size - 1;
    options.slots = 3;
    options.name = "frames";
    if (size < 2) {
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "needs two ranks",
                nodespan_ring_create(node, NODESPAN_INT32, elements, &options, &ring));
        return;
    }
    OK(nodespan_ring_create(node, NODESPAN_INT32, elements, &options, &ring));

    if (rank == options.producer) {
        for (int k = 0; k < frames; ++k) {
            OK(nodespan_ring_reserve(ring, &place, &sequence));
            CHECK(sequence == (uint64_t)k);
            for (int i = 0; i < elements; ++i) ((int32_t*)place)[i] = 1000 * k + i;
            OK(nodespan_ring_publish(ring, &is_there));
            CHECK(is_there == 1);
        }
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "published already",
                nodespan_ring_publish(ring, NULL));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "produces",
                nodespan_ring_next(ring, &frame, &sequence));
        OK(nodespan_ring_close(ring));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "closed",
                nodespan_ring_reserve(ring, &place, NULL));
    } else {
        for (int k = 0; k < frames; ++k) {
            OK(nodespan_ring_next(ring, &frame, &sequence));
            CHECK(frame != NULL && sequence == (uint64_t)k);
            for (int i = 0; frame != NULL && i < elements; ++i)
                CHECK(((const int32_t*)frame)[i] == 1000 * k + i);
            if (k == 0) continue; // two are held at once
            OK(nodespan_ring_release(ring, sequence - 1));
        }
        OK(nodespan_ring_release(ring, frames - 1));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "holds no such frame",
                nodespan_ring_release(ring, frames - 1));
        OK(nodespan_ring_next(ring, &frame, NULL));
        CHECK(frame == NULL);
        OK(nodespan_ring_received(ring, &count));
        CHECK(count == frames);
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "produces",
                nodespan_ring_reserve(ring, &place, NULL));
        REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "", nodespan_ring_close(ring));
    }
    OK(nodespan_ring_published(ring, &count));
    CHECK(count == frames);
    OK(nodespan_ring_lost(ring, &count));
    CHECK(count == 0);
    OK(nodespan_team_fence(node));
    OK(nodespan_ring_free(&ring));
    CHECK(ring == NULL);
    options.when_full = (nodespan_when_full)3;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "3 is no nodespan_when_full",
            nodespan_ring_create(node, NODESPAN_INT32, elements, &options, &ring));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "at least one element",
            nodespan_ring_create(node, NODESPAN_INT32, 0, NULL, &ring));
    REFUSED(
        NODESPAN_ERROR_MISMATCHED_ARGUMENTS, "ring<",
        nodespan_ring_create(node, rank == 0 ? NODESPAN_INT32 : NODESPAN_INT64, 4, NULL, &ring));
    CHECK(ring == NULL);
}

static void every_node_has_the_table(nodespan_team team) {
    const int64_t extents[2] = {3, 2};
    const int rank = rank_of(team), root = size_of(team) - 1;
    const float numbers[6] = {1, 2, 3, 4, 5, 6};
    nodespan_replicated table = NULL;
    const void* data = NULL;
    void* edited = NULL;
    int node = -1;
    OK(nodespan_team_node(team, &node));
    OK(nodespan_replicated_create(team, NODESPAN_FLOAT32, 2, extents, &table));

    OK(nodespan_replicated_load(table, rank == root ? numbers : NULL, rank == root ? 6 : 0, root));

    OK(nodespan_replicated_node(table, &data));
    for (int k = 0; k < 6; ++k) CHECK(((const float*)data)[k] == numbers[k]);
    OK(nodespan_team_fence(team));
    OK(nodespan_replicated_edit(table, &edited));
    if (rank == 0) ((float*)edited)[5] = -6;
    OK(nodespan_replicated_publish(table, 0));
    CHECK(((const float*)data)[5] == -6);
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "from is null",
            nodespan_replicated_load(table, NULL, 6, root));
    CHECK(nodespan_last_error_is_collective());
    REFUSED(NODESPAN_ERROR_SIZE_MISMATCH, "5 elements given for 6",
            nodespan_replicated_load(table, numbers, 5, root));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "root 99",
            nodespan_replicated_load(table, numbers, 6, 99));
    REFUSED(NODESPAN_ERROR_OUT_OF_RANGE, "node -1", nodespan_replicated_publish(table, -1));
    CHECK(((const float*)data)[5] == -6);
    OK(nodespan_team_fence(team));
    OK(nodespan_replicated_free(&table));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "7 dimensions",
            nodespan_replicated_create(team, NODESPAN_FLOAT32, 7, extents, &table));
    CHECK(table == NULL);
}

// Handles of another kind, which Fortran cannot tell apart, and copies of those that have ended.
static void handles_are_told_apart(nodespan_team team) {
    const int64_t n = 4;
    int64_t number = 0;
    nodespan_array numbers = NULL;
    nodespan_counter tickets = NULL;
    OK(nodespan_array_create(team, NODESPAN_INT8, 1, &n, NULL, &numbers));
    OK(nodespan_counter_create(team, 0, 1, &tickets));

    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "counter is the handle of an array, not of a counter",
            nodespan_counter_next((nodespan_counter)(void*)numbers, 1, &number));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "array is the handle of a team, not of an array",
            nodespan_array_fence((nodespan_array)(void*)team));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "team is the handle of a counter, not of a team",
            nodespan_team_fence((nodespan_team)(void*)tickets));
    nodespan_queue wrong = (nodespan_queue)(void*)tickets;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "queue is the handle of a counter, not of a queue",
            nodespan_queue_free(&wrong));
    OK(nodespan_counter_next(tickets, 1, &number)); // it lives

    nodespan_fortran_location place;
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "the handle of a counter, not of an array",
            nodespan_fortran_find(tickets, NODESPAN_INT8, 1, NODESPAN_WITHOUT_GHOSTS, &place));
    REFUSED(NODESPAN_ERROR_INVALID_ARGUMENT, "null",
            nodespan_fortran_find(NULL, NODESPAN_INT8, 1, NODESPAN_WITHOUT_GHOSTS, &place));
    OK(nodespan_counter_free(&tickets));
    OK(nodespan_array_free(&numbers));
}

int main(void) {
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL, node = NULL;
    int number = 0;
    OK(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    OK(nodespan_team_create(MPI_COMM_WORLD, 0, &team));
    OK(nodespan_team_node(team, &number));
    OK(nodespan_team_split(team, number, 0, &node));

    all_ranks_get_the_sum_and_one_the_largest(team);
    the_root_tells_all_ranks(team);
    collective_calls_refuse_what_one_rank_gets_wrong(team);
    lists_of_elements_are_gathered_and_scattered(team, NODESPAN_ROW_MAJOR);
    lists_of_elements_are_gathered_and_scattered(team, NODESPAN_COLUMN_MAJOR);
    a_counter_gives_every_number_once(team);
    work_is_done_once_and_its_failure_is_told(team);
    a_queue_hands_over_every_item_once(node);
    a_ring_hands_over_frames_in_place(node);
    every_node_has_the_table(team);
    handles_are_told_apart(team);

    OK(nodespan_team_free(&node));
    OK(nodespan_team_free(&team));
    const int result = verdict("c_work_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
