// Teams and all that lives on them, made and ended thousands of times: what the process holds must
// not grow, but for what MPI itself keeps, which the same MPI calls by hand show beside it.
//
//   mpirun -n 2 guest_lives [lives, 1000 if not given]

#include <nodespan/nodespan.hpp>

#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

// What a process holds. MPI hands out the lowest free number, so the next one tells what is in use.
struct holdings {
    long memory = 0; // KiB, resident
    long descriptors = 0, mappings = 0;
    long next_communicator = 0, next_window = 0, next_datatype = 0;

    static holdings now();
};

holdings holdings::now() {
    holdings h;
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    h.next_communicator = MPI_Comm_c2f(comm);
    MPI_Comm_free(&comm);
    MPI_Win window = MPI_WIN_NULL;
    void* base = nullptr;
    MPI_Win_allocate_shared(64, 1, MPI_INFO_NULL, MPI_COMM_SELF, &base, &window);
    h.next_window = MPI_Win_c2f(window);
    MPI_Win_free(&window);
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_Type_contiguous(3, MPI_INT, &type);
    h.next_datatype = MPI_Type_c2f(type);
    MPI_Type_free(&type);

    using namespace std::filesystem;
    h.descriptors = std::distance(directory_iterator("/proc/self/fd"), directory_iterator());
    std::string line;
    for (std::ifstream maps("/proc/self/maps"); std::getline(maps, line);) ++h.mappings;
    for (std::ifstream status("/proc/self/status"); std::getline(status, line);)
        if (line.starts_with("VmRSS:")) h.memory = std::atol(line.c_str() + 6);
    return h;
}

// On which a rank counts. Open MPI 5 keeps 5 KiB of each such window for good.
void count_by_hand(MPI_Comm comm) {
    MPI_Win window = MPI_WIN_NULL;
    std::vector<long> counter(1);
    MPI_Win_create(counter.data(), sizeof(long), 1, MPI_INFO_NULL, comm, &window);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    long one = 1, before = 0;
    MPI_Fetch_and_op(&one, &before, MPI_LONG, 0, 0, MPI_SUM, window);
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
}

// The communicators and windows of a team and of its first array.
void live_by_hand(bool is_one_node) {
    MPI_Comm comms[4] = {};
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comms[0]);
    for (int i = 1; i < 4; ++i) MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &comms[i]);
    MPI_Win windows[2] = {};
    void* base = nullptr;
    for (MPI_Win& window : windows)
        MPI_Win_allocate_shared(1 << 20, 1, MPI_INFO_NULL, comms[1], &base, &window);
    if (!is_one_node) count_by_hand(comms[1]);
    for (MPI_Win& window : windows) MPI_Win_free(&window);
    for (MPI_Comm& comm : comms) MPI_Comm_free(&comm);
}

void live_on(nodespan::team& ranks) {
    using namespace nodespan;
    array<double, 2> field(ranks, {64, 16});
    std::vector<double> column(64);
    field.get({{0, 3}, {64, 4}}, column);
    field.fence();
    field.accumulate({{0, 3}, {64, 4}}, column, accumulate_op::sum);
    field.fence();
    const replicated<int, 1> table(ranks, {10});
    counter tickets(ranks);
    tickets.next(1);
}

void live() {
    nodespan::team everyone(MPI_COMM_WORLD);
    live_on(everyone);
    everyone.split(everyone.rank()).fence();
}

// MPI keeps what it keeps on one rank or another.
long of_all_ranks(long memory) {
    MPI_Allreduce(MPI_IN_PLACE, &memory, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    return memory;
}

// What more a process holds after `lives` lives than before. The first ones make what is kept.
template <class Life>
holdings growth(int lives, Life&& life) {
    for (int i = 0; i < 50; ++i) life();
    const holdings before = holdings::now();
    for (int i = 0; i < lives; ++i) life();
    holdings after = holdings::now();
    after.memory = of_all_ranks(after.memory - before.memory) + before.memory;
    return {
        after.memory - before.memory,           after.descriptors - before.descriptors,
        after.mappings - before.mappings,       after.next_communicator - before.next_communicator,
        after.next_window - before.next_window, after.next_datatype - before.next_datatype};
}

void print(const char* what, const holdings& grown) {
    std::printf("%s: memory of all ranks grew by %ld KiB, descriptors by %ld, mappings by %ld, "
                "communicators by "
                "%ld, windows by %ld, datatypes by %ld\n",
                what, grown.memory, grown.descriptors, grown.mappings, grown.next_communicator,
                grown.next_window, grown.next_datatype);
}

bool is_no_more(const holdings& ours, const holdings& by_hand) {
    constexpr long noise =
        2048; // KiB, of all ranks: what the heap and MPI's free lists do by themselves
    // Open MPI 5 keeps some KiB of each window that used MPI_Fetch_and_op, and ours use a little
    // more.
    const long kept = by_hand.memory + by_hand.memory / 3;
    return ours.memory <= kept + noise && ours.descriptors <= by_hand.descriptors &&
           ours.mappings <= by_hand.mappings + 8 &&
           ours.next_communicator <= by_hand.next_communicator &&
           ours.next_window <= by_hand.next_window && ours.next_datatype <= by_hand.next_datatype;
}

} // namespace

int main(int argc, char** argv) {
    nodespan::environment mpi(argc, argv);
    const int lives = argc > 1 ? std::atoi(argv[1]) : 1000;

    nodespan::team everyone(MPI_COMM_WORLD);
    const bool is_one_node = everyone.nodes() == 1;
    const holdings by_hand = growth(lives, [&] { live_by_hand(is_one_node); });
    print("by hand", by_hand);
    const holdings of_teams = growth(lives, live);
    print("teams", of_teams);
    const holdings of_arrays = growth(lives, [&] { live_on(everyone); });
    print("arrays", of_arrays);

    const int good = is_no_more(of_teams, by_hand) && is_no_more(of_arrays, by_hand) ? 1 : 0;
    int all = 0;
    MPI_Allreduce(&good, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return all == 1 ? 0 : 1;
}
