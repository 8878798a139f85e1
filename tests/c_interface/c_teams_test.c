// Types, teams, and the synchronisation of arrays: fences, ghosts, locks.

#include "check.h"

static void types_have_names_and_sizes(void) {
    static const char* const names[] = {"bool",    "int8",      "int16",     "int32",  "int64",
                                        "uint8",   "uint16",    "uint32",    "uint64", "float32",
                                        "float64", "complex64", "complex128"};
    static const size_t sizes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16};
    for (int k = 0; k <= NODESPAN_COMPLEX128; ++k) {
        nodespan_type found = NODESPAN_BOOL;

        OK(nodespan_type_from_name(names[k], &found));

        CHECK(found == (nodespan_type)k);
        CHECK(strcmp(nodespan_type_name(found), names[k]) == 0);
        CHECK(nodespan_type_size(found) == sizes[k]);
    }
    CHECK(nodespan_type_name((nodespan_type)13) == NULL);
    CHECK(nodespan_type_size((nodespan_type)77) == 0);
}

static void a_team_knows_who_is_where(nodespan_team team) {
    int rank = -1, size = -1, node = -1, nodes = -1, node_rank = -1, node_size = -1;
    int of = -1, number = -1, world = -1, found = -1;
    MPI_Comm comm = MPI_COMM_NULL;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_node(team, &node));
    OK(nodespan_team_nodes(team, &nodes));
    OK(nodespan_team_node_rank(team, &node_rank));
    OK(nodespan_team_node_size(team, &node_size));

    MPI_Comm_size(MPI_COMM_WORLD, &world);
    CHECK(size == world);
    CHECK(rank >= 0 && rank < size && node >= 0 && node < nodes);
    CHECK(node_rank >= 0 && node_rank < node_size && node_size <= size);
    OK(nodespan_team_node_of(team, rank, &of));
    CHECK(of == node);
    OK(nodespan_team_comm_rank(team, rank, &number));
    CHECK(number == my_rank());
    OK(nodespan_team_comm(team, &comm));
    MPI_Comm_rank(comm, &found);
    CHECK(found == rank);
    OK(nodespan_team_node_comm(team, &comm));
    MPI_Comm_size(comm, &found);
    CHECK(found == node_size);
    MPI_Comm_rank(comm, &found);
    CHECK(found == node_rank);
}

static void teams_are_split_and_made_from_fortran(nodespan_team team) {
    nodespan_team half = NULL, again = NULL;
    int rank = -1, size = -1, found = -1;
    OK(nodespan_team_rank(team, &rank));
    OK(nodespan_team_size(team, &size));

    OK(nodespan_team_split(team, rank % 2, -rank, &half));
    OK(nodespan_team_create_f(MPI_Comm_c2f(MPI_COMM_WORLD), 1, &again));

    OK(nodespan_team_size(half, &found));
    CHECK(found == (size + 1 - rank % 2) / 2);
    OK(nodespan_team_nodes(again, &found));
    CHECK(found == size); // each rank is a node
    OK(nodespan_team_progress(again));
    OK(nodespan_team_fence(again));
    OK(nodespan_team_node_fence(half));
    OK(nodespan_team_free(&half));
    OK(nodespan_team_free(&again));
    CHECK(half == NULL && again == NULL);
    OK(nodespan_team_free(&half));
}

// Ghosts on a ring of numbers that are their own indices.
static void ghosts_are_what_neighbours_have(nodespan_team team) {
    int size = 0;
    OK(nodespan_team_size(team, &size));
    const int64_t n = 4 * size, width = 2;
    const int periodic = 1;
    nodespan_array_options options = NODESPAN_ARRAY_OPTIONS_INIT;
    options.ghosts = &width;
    options.periodic = &periodic;
    nodespan_array ring = NULL;
    OK(nodespan_array_create(team, NODESPAN_INT64, 1, &n, &options, &ring));
    int64_t lo = -1, hi = -1, with_lo = -1, with_hi = -1, stride = -1;
    void *mine = NULL, *whole = NULL, *node = NULL;
    OK(nodespan_array_local(ring, &mine, &stride));
    OK(nodespan_array_node(ring, &node, NULL));
    OK(nodespan_array_node_with_ghosts(ring, &whole, NULL));
    CHECK(stride == 1);

    for (int round = 0; round < 2; ++round) {
        OK(nodespan_array_rank_box(ring, &lo, &hi));
        for (int64_t i = lo; i < hi; ++i) ((int64_t*)mine)[i - lo] = i + 1000 * round;
        if (round == 0) {
            OK(nodespan_array_exchange_ghosts(ring));
        } else {
            OK(nodespan_array_start_exchange_ghosts(ring));
            OK(nodespan_array_finish_exchange_ghosts(ring));
        }

        OK(nodespan_array_node_box(ring, &lo, &hi));
        OK(nodespan_array_node_box_with_ghosts(ring, &with_lo, &with_hi));
        CHECK(with_lo == lo - width && with_hi == hi + width);
        CHECK((int64_t*)node == (int64_t*)whole + width);
        for (int64_t i = with_lo; i < with_hi; ++i)
            CHECK(((int64_t*)whole)[i - with_lo] == (i + n) % n + 1000 * round);
        OK(nodespan_array_fence(ring));
    }
    OK(nodespan_array_free(&ring));
}

static void a_lock_keeps_others_out(nodespan_team team) {
    enum { rounds = 40 };
    int size = 0, node = 0, nodes = 0, taken = -1;
    OK(nodespan_team_size(team, &size));
    OK(nodespan_team_node(team, &node));
    OK(nodespan_team_nodes(team, &nodes));
    const int64_t n = size, first = 0, end = 1;
    double value = 0;
    nodespan_array counts = NULL;
    OK(nodespan_array_create(team, NODESPAN_FLOAT64, 1, &n, NULL, &counts));

    for (int k = 0; k < rounds; ++k) { // a read and a write that belong together
        OK(nodespan_array_lock(counts, 0));
        OK(nodespan_array_get(counts, &first, &end, &value, 1));
        value += 0.5;
        OK(nodespan_array_put(counts, &first, &end, &value, 1));
        OK(nodespan_array_unlock(counts, 0));
    }
    OK(nodespan_array_fence(counts));

    OK(nodespan_array_lock_shared(counts, nodes - 1));
    OK(nodespan_array_get(counts, &first, &end, &value, 1));
    OK(nodespan_array_unlock_shared(counts, nodes - 1));
    CHECK(value == 0.5 * rounds * size);
    OK(nodespan_array_try_lock(counts, node, &taken));
    CHECK(taken == 0 || taken == 1);
    if (taken) OK(nodespan_array_unlock(counts, node));
    OK(nodespan_array_node_fence(counts));
    OK(nodespan_array_free(&counts));
}

int main(void) {
    nodespan_environment mpi = NULL;
    nodespan_team team = NULL;
    OK(nodespan_environment_create(MPI_THREAD_FUNNELED, &mpi));
    OK(nodespan_team_create(MPI_COMM_WORLD, 0, &team));

    types_have_names_and_sizes();
    a_team_knows_who_is_where(team);
    teams_are_split_and_made_from_fortran(team);
    ghosts_are_what_neighbours_have(team);
    a_lock_keeps_others_out(team);

    OK(nodespan_team_free(&team));
    const int result = verdict("c_teams_test");
    return nodespan_environment_free(&mpi) == NODESPAN_SUCCESS ? result : 1;
}
