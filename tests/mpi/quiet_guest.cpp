// A host code that starts MPI by itself, at the thread level it names, and lets nodespan do a bit
// of everything: nothing is printed, no signal handled, no thread left, no state of HDF5 changed.
// What is wrong is printed, and so is the error of a team whose thread level is refused.
//
//   mpirun -n 2 quiet_guest single|funneled|serialized|multiple

#include <nodespan/nodespan.hpp>

#ifdef NODESPAN_HAS_HDF5
#include <hdf5.h>
#endif
#include <mpi.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;

// What belongs to the whole process, and so to the host.
struct state_of_process {
    std::vector<void (*)(int)> signal_handlers;
    std::ptrdiff_t threads = 0;
    std::vector<std::string> environment;
    std::filesystem::path folder;
#ifdef NODESPAN_HAS_HDF5
    H5E_auto2_t hdf5_printer = nullptr;
#endif

    static state_of_process now();
    bool operator==(const state_of_process&) const = default;
};

state_of_process state_of_process::now() {
    state_of_process s;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (sigaction(number, nullptr, &action) == 0)
            s.signal_handlers.push_back(action.sa_handler);
    }
    using std::filesystem::directory_iterator;
    s.threads = std::distance(directory_iterator("/proc/self/task"), directory_iterator());
    for (char** variable = environ; *variable != nullptr; ++variable)
        s.environment.emplace_back(*variable);
    s.folder = std::filesystem::current_path();
#ifdef NODESPAN_HAS_HDF5
    void* data = nullptr;
    H5Eget_auto2(H5E_DEFAULT, &s.hdf5_printer, &data);
#endif
    return s;
}

template <class Call>
void must_fail(Call&& call) {
    try {
        call();
        std::puts("no error where one belongs");
    } catch (const error&) { // as it should be
    }
}

void use_everything() {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {64, 16}, {.ghosts = {.width = {1, 0}}});
    fill(field, 1.0);
    field.exchange_ghosts();
    std::vector<double> column(64);
    field.get({{0, 3}, {64, 4}}, column);
    field.fence();
    field.accumulate({{0, 3}, {64, 4}}, column, accumulate_op::sum);
    field.fence();
    replicated<int, 1> table(everyone, {10});
    counter tickets(everyone);
    tickets.next(1);
    must_fail([&] { array<double, 2>(everyone, {index_t{1} << 40, 1000}); }); // no such memory
    must_fail([&] { load_raw(field, "no/such/file"); });
    must_fail([&] { field.get({{0, 0}, {65, 1}}, column); });
#ifdef NODESPAN_HAS_HDF5
    must_fail([&] { load_hdf5(field, "no/such/file.h5", "x"); });
    must_fail([&] { load_hdf5(field, "/proc/self/status", "x"); });
#endif
    field.fence();
}

void work() {
    try {
        use_everything();
    } catch (const error& refused) {
        std::puts(refused.what());
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::map<std::string, int> levels{{"single", MPI_THREAD_SINGLE},
                                            {"funneled", MPI_THREAD_FUNNELED},
                                            {"serialized", MPI_THREAD_SERIALIZED},
                                            {"multiple", MPI_THREAD_MULTIPLE}};
    const auto level = levels.find(argc > 1 ? argv[1] : "");
    if (level == levels.end()) return 2;
    int granted = 0;
    MPI_Init_thread(&argc, &argv, level->second, &granted);
#ifdef NODESPAN_HAS_HDF5
    H5open();
#endif

    const state_of_process before = state_of_process::now();
    if (granted >= MPI_THREAD_SERIALIZED)
        std::thread(work).join(); // any thread will do, one at a time
    else
        work();
    if (state_of_process::now() != before) std::puts("the state of the process has changed");

    MPI_Finalize();
    return 0;
}
