#include "c_call.hpp"

using namespace nodespan;
using detail::c_call;
using detail::held;
using detail::require_pointer;

int nodespan_team_create(MPI_Comm comm, nodespan_team** result) {
    return c_call([&] {
        require_pointer("nodespan_team_create", "result", result);
        *result = new nodespan_team{team(comm)};
    });
}

int nodespan_team_create_f(MPI_Fint comm, nodespan_team** result) {
    return nodespan_team_create(MPI_Comm_f2c(comm), result);
}

int nodespan_team_free(nodespan_team** handle) {
    return c_call([&] {
        require_pointer("nodespan_team_free", "handle's address", handle);
        delete *handle;
        *handle = nullptr;
    });
}

int nodespan_team_get_info(const nodespan_team* handle, nodespan_team_info* info) {
    return c_call([&] {
        const team& t = held("nodespan_team_get_info", handle).ranks;
        require_pointer("nodespan_team_get_info", "result", info);
        *info = {t.rank(), t.size(), t.node(), t.nodes(), t.node_rank(), t.node_size()};
    });
}

int nodespan_team_comm_rank(const nodespan_team* handle, int rank, int* comm_rank) {
    return c_call([&] {
        const team& t = held("nodespan_team_comm_rank", handle).ranks;
        require_pointer("nodespan_team_comm_rank", "result", comm_rank);
        *comm_rank = t.comm_rank(rank);
    });
}

int nodespan_team_fence(nodespan_team* handle) {
    return c_call([&] { held("nodespan_team_fence", handle).ranks.fence(); });
}

int nodespan_team_node_fence(nodespan_team* handle) {
    return c_call([&] { held("nodespan_team_node_fence", handle).ranks.node_fence(); });
}

int nodespan_team_progress(nodespan_team* handle) {
    return c_call([&] { held("nodespan_team_progress", handle).ranks.progress(); });
}
