#include "nodespan/c/team.h"

#include "call.hpp"
#include "mpi_check.hpp"
#include "nodespan/environment.hpp"

#include <utility>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

struct nodespan_environment_object : detail::c_object<detail::handle_kind::environment> {
    explicit nodespan_environment_object(thread_level wanted) : mpi(wanted) {}
    environment mpi;
};

namespace {

thread_level level_from_mpi(int level) {
    switch (level) {
    case MPI_THREAD_SINGLE:
        return thread_level::single;
    case MPI_THREAD_FUNNELED:
        return thread_level::funneled;
    case MPI_THREAD_SERIALIZED:
        return thread_level::serialized;
    case MPI_THREAD_MULTIPLE:
        return thread_level::multiple;
    default:
        throw error(errc::invalid_argument,
                    fmt::format("nodespan_environment_create({}): no thread level of MPI; they are "
                                "MPI_THREAD_SINGLE, _FUNNELED, _SERIALIZED and _MULTIPLE",
                                level));
    }
}

// What a function tells of a team.
template <class T, class Ask>
int tell(const char* function, nodespan_team team, const char* name, T* result, Ask&& ask) {
    return c_call([&] {
        const auto& ranks = require_given(function, "team", team).team;
        require_given(function, name, result) = ask(ranks);
    });
}

} // namespace

int nodespan_environment_create(int thread_level, nodespan_environment* result) {
    return c_call([&] {
        require_given("nodespan_environment_create", "result", result);
        *result = new nodespan_environment_object(level_from_mpi(thread_level));
    });
}

int nodespan_environment_free(nodespan_environment* environment) {
    return c_call(
        [&] { detail::end_handle("nodespan_environment_free", "environment", environment); });
}

int nodespan_team_create(MPI_Comm comm, int ranks_per_node, nodespan_team* result) {
    return c_call([&] {
        require_given("nodespan_team_create", "result", result);
        *result = new nodespan_team_object(team(comm, {ranks_per_node}));
    });
}

int nodespan_team_create_f(MPI_Fint comm, int ranks_per_node, nodespan_team* result) {
    return c_call([&] {
        require_given("nodespan_team_create_f", "result", result);
        detail::require_mpi("nodespan_team_create_f");
        *result = new nodespan_team_object(team(MPI_Comm_f2c(comm), {ranks_per_node}));
    });
}

int nodespan_team_split(nodespan_team team, int color, int key, nodespan_team* result) {
    return c_call([&] {
        require_given("nodespan_team_split", "team", team);
        require_given("nodespan_team_split", "result", result);
        *result = new nodespan_team_object(team->team.split(color, key));
    });
}

int nodespan_team_free(nodespan_team* team) {
    return c_call([&] { detail::end_handle("nodespan_team_free", "team", team); });
}

int nodespan_team_rank(nodespan_team team, int* rank) {
    return tell(__func__, team, "rank", rank, [](auto& ranks) { return ranks.rank(); });
}

int nodespan_team_size(nodespan_team team, int* size) {
    return tell(__func__, team, "size", size, [](auto& ranks) { return ranks.size(); });
}

int nodespan_team_node(nodespan_team team, int* node) {
    return tell(__func__, team, "node", node, [](auto& ranks) { return ranks.node(); });
}

int nodespan_team_nodes(nodespan_team team, int* nodes) {
    return tell(__func__, team, "nodes", nodes, [](auto& ranks) { return ranks.nodes(); });
}

int nodespan_team_node_rank(nodespan_team team, int* node_rank) {
    return tell(__func__, team, "node_rank", node_rank,
                [](auto& ranks) { return ranks.node_rank(); });
}

int nodespan_team_node_size(nodespan_team team, int* node_size) {
    return tell(__func__, team, "node_size", node_size,
                [](auto& ranks) { return ranks.node_size(); });
}

int nodespan_team_node_of(nodespan_team team, int rank, int* node) {
    return tell(__func__, team, "node", node, [&](auto& ranks) { return ranks.node_of(rank); });
}

int nodespan_team_comm_rank(nodespan_team team, int rank, int* comm_rank) {
    return tell(__func__, team, "comm_rank", comm_rank,
                [&](auto& ranks) { return ranks.comm_rank(rank); });
}

int nodespan_team_comm(nodespan_team team, MPI_Comm* comm) {
    return tell(__func__, team, "comm", comm, [](auto& ranks) { return ranks.comm(); });
}

int nodespan_team_node_comm(nodespan_team team, MPI_Comm* comm) {
    return tell(__func__, team, "comm", comm, [](auto& ranks) { return ranks.node_comm(); });
}

int nodespan_team_comm_f(nodespan_team team, MPI_Fint* comm) {
    return tell(__func__, team, "comm", comm,
                [](auto& ranks) { return MPI_Comm_c2f(ranks.comm()); });
}

int nodespan_team_node_comm_f(nodespan_team team, MPI_Fint* comm) {
    return tell(__func__, team, "comm", comm,
                [](auto& ranks) { return MPI_Comm_c2f(ranks.node_comm()); });
}

int nodespan_team_fence(nodespan_team team) {
    return c_call([&] { require_given("nodespan_team_fence", "team", team).team.fence(); });
}

int nodespan_team_node_fence(nodespan_team team) {
    return c_call(
        [&] { require_given("nodespan_team_node_fence", "team", team).team.node_fence(); });
}

int nodespan_team_progress(nodespan_team team) {
    return c_call([&] { require_given("nodespan_team_progress", "team", team).team.progress(); });
}
