// Ranks that come to one meeting for different calls: all are told, and none waits for ever.

#include "mixed_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace nodespan;

struct pair_of_calls {
    std::string first, second; // as messages say them
    std::function<void(team&, array<int, 1>&)> of_rank_0, of_others;
};

void fence_array(team&, array<int, 1>& numbers) {
    numbers.fence();
}

void sum_up(team& everyone, array<int, 1>&) {
    int one = 1;
    all_reduce(everyone, std::span(&one, 1), accumulate_op::sum);
}

std::vector<pair_of_calls> pairs(bool is_one_node) {
    std::vector<pair_of_calls> result{
        {"fence of array<int,1>({100}", "creation of array<double,1>({7})", fence_array,
         [](team& everyone, auto&) { array<double, 1> another(everyone, {7}); }},
        {"team::split", "fence of array<int,1>({100}",
         [](team& everyone, auto&) { static_cast<void>(everyone.split(0)); }, fence_array},
        {"fence of a team of", "node_fence of array<int,1>({100}",
         [](team& everyone, auto&) { everyone.fence(); },
         [](team&, auto& numbers) { numbers.node_fence(); }},
    };
    if (!is_one_node) result.pop_back(); // a node_fence of a whole node is no call of the others'
    result.push_back({"fence of array<int,1>({100}", "all_reduce", fence_array, sum_up});
    result.push_back({"all_reduce", "fence of array<int,1>({100}", sum_up, fence_array});
    result.push_back({"exchange_ghosts of array<int,1>({100}", "fence of array<int,1>({100}",
                      [](team&, auto& numbers) { numbers.exchange_ghosts(); }, fence_array});
    return result;
}

// The text of the error that this rank gets; it is another one where the team is used again.
std::string error_of(const pair_of_calls& both) {
    std::optional<error> first;
    try {
        team everyone{MPI_COMM_WORLD};
        array<int, 1> numbers(everyone, {100}, {.ghosts = {.width = {1}}});
        sum_up(everyone, numbers); // has memory from then on
        try {
            (everyone.rank() == 0 ? both.of_rank_0 : both.of_others)(everyone, numbers);
        } catch (const error& failure) {
            first = failure;
        }
        everyone.fence(); // the team is at its end, and says why
    } catch (const error& failure) {
        if (!first) return std::string("nobody was told before: ") + failure.what();
        if (failure.code() != first->code()) return failure.what();
    }
    return first ? first->what() : "no error";
}

// Such as "rank 0 is in fence of ..., rank 1 in creation of ...". Among several ranks of a node the
// first to look names whom it sees; others of a node without rank 0 may learn only that somebody
// left.
bool is_told(const pair_of_calls& both, const std::string& text, bool nodes_have_one_rank) {
    const auto has = [&](const std::string& what) { return text.find(what) != std::string::npos; };
    return (has("rank 0 is in " + both.first) && has(" in " + both.second)) ||
           (!nodes_have_one_rank && has("left by an exception"));
}

} // namespace

int is_in_another_call(int argc, char** argv) {
    environment mpi(argc, argv);
    int rank = 0;
    bool is_one_node = false, nodes_have_one_rank = false;
    {
        team everyone{MPI_COMM_WORLD};
        rank = everyone.rank();
        is_one_node = everyone.nodes() == 1;
        nodes_have_one_rank = everyone.nodes() == everyone.size();
    }
    int told = 0;
    for (const pair_of_calls& both : pairs(is_one_node)) {
        const std::string text = error_of(both);
        if (!is_told(both, text, nodes_have_one_rank)) {
            std::printf("rank %d: %s and %s: %s\n", rank, both.first.c_str(), both.second.c_str(),
                        text.c_str());
            return 1;
        }
        ++told;
        MPI_Barrier(MPI_COMM_WORLD);
    }
    std::printf("rank %d: %d pairs are told apart\n", rank, told);
    // A destructor cannot throw: it says so.
    try {
        team everyone{MPI_COMM_WORLD};
        array<int, 1> numbers(everyone, {100}, {.name = "levels"});
        if (everyone.rank() == 0) numbers.fence();
    } catch (const error& failure) {
        std::printf("rank %d: %s\n", rank, failure.what());
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return 0;
}
