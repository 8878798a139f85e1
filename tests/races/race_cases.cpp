// Runs cases: race_cases GROUP... One line for each that was not as it should be, and at the end
// how many were tried; exit code 1 if any was wrong.

#include "race_case.hpp"
#include "report.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

namespace races {
namespace {

int late_rank = -1;

bool can_try(const race_case& c, const team& t) {
    bool has_peers = true;
    for (int node = 0; node < t.nodes(); ++node)
        has_peers = has_peers && t.placement().node_size(node) >= 2;
    switch (c.where) {
    case needs::peers:
        return has_peers;
    case needs::one_node:
        return has_peers && t.nodes() == 1;
    case needs::nodes:
        return t.nodes() >= 2;
    case needs::both:
        return t.nodes() >= 2 && has_peers;
    case needs::ranks:
        return t.size() >= 2;
    }
    return false;
}

// How many pairs of places all ranks together have found.
int found_by(const race_case& c, bool is_racy) {
    const std::uint32_t before = nodespan::detail::race::pairs_known();
    {
        team everyone{MPI_COMM_WORLD};
        c.run(everyone, is_racy);
    }
    const int mine = static_cast<int>(nodespan::detail::race::pairs_known() - before);
    int most = 0;
    MPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

int wrong_ones(const race_case& c, int rank) {
    int wrong = 0;
    for (const bool is_racy : {true, false})
        for (late_rank = is_racy ? 0 : -1; late_rank < (is_racy ? 2 : 1); ++late_rank) {
            const int found = found_by(c, is_racy);
            if ((found > 0) == is_racy) continue;
            ++wrong;
            if (rank == 0)
                std::printf("%s, %s, %s: %d found\n", c.name, is_racy ? "racy" : "right",
                            late_rank < 0    ? "nobody late"
                            : late_rank == 0 ? "first late"
                                             : "others late",
                            found);
        }
    return wrong;
}

} // namespace

void be_late(const team& t) {
    if (late_rank >= 0 && (t.rank() % 2 == 0) == (late_rank == 0))
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
}

} // namespace races

int main(int argc, char** argv) {
    const std::map<std::string, std::vector<races::race_case> (*)()> groups{
        {"direct", races::direct_cases},
        {"elements", races::element_cases},
        {"transfers", races::transfer_cases},
        {"atomics", races::atomic_cases},
        {"locks", races::lock_cases},
        {"streams", races::stream_cases},
        {"order", races::order_cases},
        {"ghosts", races::ghost_cases},
        {"c", races::c_cases}};
    setenv("NODESPAN_RACES", "count", 0); // on other hosts, too
    nodespan::environment mpi{argc, argv, nodespan::thread_level::serialized};
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    const char* const only = std::getenv("RACE_CASE");
    int tried = 0, wrong = 0;
    for (const auto& [name, cases] : groups) {
        bool is_wanted = argc == 1;
        for (int i = 1; i < argc; ++i) is_wanted = is_wanted || name == argv[i];
        if (!is_wanted) continue;
        nodespan::team everyone{MPI_COMM_WORLD};
        for (const races::race_case& c : cases()) {
            if (only != nullptr && std::strcmp(only, c.name) != 0) continue;
            if (!races::can_try(c, everyone)) continue;
            ++tried;
            if (races::wrong_ones(c, rank) > 0) ++wrong;
        }
    }
    if (rank == 0) std::printf("%d cases, %d wrong\n", tried, wrong);
    nodespan::detail::race::forget_pairs();
    return wrong > 0 || tried == 0 ? 1 : 0;
}
