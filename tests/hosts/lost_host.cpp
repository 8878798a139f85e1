// lost_host RANKS FOLDER: the last host goes off the network for good, and its ranks stop; ranks of
// the others come to a call each. Teams of all hosts, RANKS of each, one team for a kind of call.
// Ranks fill host after host. Never ends well: what counts is what ranks say that wait.
#include <nodespan/nodespan.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;

struct scene {
    team everyone;
    array<double, 2> field;
    std::string folder;

    index_t lost_row() const { return field.extent(0) - 1; }
};

struct kind {
    const char* name;
    std::function<void(scene&)> call;
};

const std::vector<kind> kinds = {
    {"fence", [](scene& s) { s.everyone.fence(); }},
    {"creation", [](scene& s) { array<int, 1>(s.everyone, {100}); }},
    {"ghosts", [](scene& s) { s.field.exchange_ghosts(); }},
    {"all_reduce", [](scene& s) { static_cast<void>(sum(s.field)); }},
    {"broadcast",
     [](scene& s) {
         std::vector<double> values(20'000);
         broadcast(s.everyone, values, s.everyone.size() - 1);
     }},
    {"lock", [](scene& s) { s.field.mutex(s.everyone.nodes() - 1).lock(); }},
    {"get",
     [](scene& s) {
         static_cast<void>(s.field.get({s.lost_row(), 0}));
     }},
    {"put",
     [](scene& s) {
         s.field.put({s.lost_row(), 0}, 1.0);
         s.field.fence();
     }},
    {"split", [](scene& s) { static_cast<void>(s.everyone.split(0)); }},
    {"file", [](scene& s) { save_npy(s.field, s.folder + "/lost_host.npy"); }},
};

int color_of(int rank, int ranks_each) {
    return rank % (static_cast<int>(kinds.size()) * ranks_each) / ranks_each;
}

} // namespace

int main(int argc, char** argv) {
    environment mpi(argc, argv);
    int rank = 0, ranks = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const int each = std::atoi(argv[1]);
    const int mine = color_of(rank, each);
    const int on_a_host = static_cast<int>(kinds.size()) * each;
    const bool is_lost = rank / on_a_host == ranks / on_a_host - 1;

    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, mine, 0, &part);
    team everyone{part};
    array_options options;
    options.ghosts = {{1, 1}, {true, false}};
    array<double, 2> field(everyone, {8 * everyone.size(), 50}, options);
    scene s{std::move(everyone), std::move(field), argv[2]};
    fill(s.field, 1.0);
    static_cast<void>(sum(s.field)); // makes what collective calls keep

    alarm(60);
    MPI_Barrier(MPI_COMM_WORLD);
    if (is_lost) {
        if (rank % on_a_host == 0 && std::system("sleep 1; ip link set eth0 down") != 0)
            std::puts("the link stays up");
        pause(); // and takes part in nothing any more
    }
    std::this_thread::sleep_for(std::chrono::seconds(3));
    std::fprintf(stderr, "comes to %s\n", kinds[static_cast<std::size_t>(mine)].name);
    kinds[static_cast<std::size_t>(mine)].call(s);
    std::fprintf(stderr, "has passed %s\n", kinds[static_cast<std::size_t>(mine)].name);
    pause();
}
