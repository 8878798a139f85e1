#include "nodespan/team.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "nodespan/detail/process_state.hpp"
#include "nodespan/error.hpp"
#include "team_core.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace nodespan {
namespace {

using detail::team_core;

int ranks_per_simulated_node(const team_options& options) {
    const char* text = std::getenv("NODESPAN_RANKS_PER_NODE");
    if (options.ranks_per_node < 0)
        throw error(errc::invalid_argument,
                    fmt::format("team: ranks_per_node {} is below 0", options.ranks_per_node));
    if (options.ranks_per_node > 0 || text == nullptr || *text == '\0')
        return options.ranks_per_node;
    int ranks = 0;
    const char* const end = text + std::strlen(text);
    const auto parsed = std::from_chars(text, end, ranks);
    if (parsed.ec != std::errc{} || parsed.ptr != end || ranks < 0)
        throw error(
            errc::invalid_argument,
            fmt::format("team: NODESPAN_RANKS_PER_NODE=\"{}\" is no number of ranks", text));
    return ranks;
}

std::shared_ptr<team_core> make_core(MPI_Comm comm, const team_options& options) {
    detail::require_mpi("team");
    const detail::mpi_turn making;
    int inter = 0;
    // If this call fails, the first collective call fails too, and then the ranks agree.
    if (comm != MPI_COMM_NULL && MPI_Comm_test_inter(comm, &inter) != MPI_SUCCESS) inter = 0;
    if (comm == MPI_COMM_NULL || inter != 0)
        throw error(errc::invalid_argument,
                    fmt::format("team: needs an intra-communicator, not {}",
                                inter != 0 ? "an inter-communicator" : "MPI_COMM_NULL"));
    const auto watcher = detail::clock_watcher::hold(); // until the team holds one itself
    int ranks_per_node = 0;
    auto by = progress_by::calls;
    detail::agree_or_throw(comm, detail::attempt([&] {
                               ranks_per_node = ranks_per_simulated_node(options);
                               by = detail::chosen_progress(options.progress);
                           }));
    return std::make_shared<team_core>(comm, detail::group_by_node(comm, ranks_per_node), by);
}

} // namespace

team::team(MPI_Comm comm, team_options options) : core_(make_core(comm, options)) {}

int team::rank() const {
    return core()->rank();
}
int team::size() const {
    return core()->placement()->size();
}
int team::node() const {
    return core()->node();
}
int team::nodes() const {
    return core()->placement()->nodes();
}
int team::node_rank() const {
    return core()->node_rank();
}
int team::node_size() const {
    return core()->node_size();
}
bool team::is_leader() const {
    return core()->is_leader();
}
const nodespan::placement& team::placement() const {
    return *core()->placement();
}
bool team::is_oversubscribed() const {
    return core()->is_oversubscribed();
}

int team::node_of(int rank) const {
    if (rank < 0 || rank >= size())
        throw error(errc::out_of_range,
                    fmt::format("team::node_of({}): the team has {} ranks", rank, size()));
    return core()->placement()->node_of(rank);
}

int team::comm_rank(int rank) const {
    detail::require_live_process("team::comm_rank"); // the order of ranks may lie in shared memory
    if (rank < 0 || rank >= size())
        throw error(errc::out_of_range,
                    fmt::format("team::comm_rank({}): the team has {} ranks", rank, size()));
    return core()->comm_rank(rank);
}

MPI_Comm team::comm() const {
    return core()->comm();
}
MPI_Comm team::node_comm() const {
    return core()->node_comm();
}
MPI_Comm team::leader_comm() const {
    return core()->leader_comm();
}

void team::fence() {
    detail::timed(core()->usage(), detail::usage_wait::fence, [this] { core()->fence(); });
}
void team::node_fence() {
    detail::timed(core()->usage(), detail::usage_wait::node_fence,
                  [this] { core()->node_fence(); });
}
void team::progress() {
    core()->progress();
}

team team::split(int color, int key) const {
    detail::require_mpi("team::split");
    const detail::mpi_turn making;
    const detail::occasion why{"team::split"};
    MPI_Comm part = MPI_COMM_NULL;
    core()->agree_or_throw(
        detail::attempt([&] {
            if (color < 0)
                throw error(errc::invalid_argument,
                            fmt::format("team::split({}, {}): the color is below 0", color, key));
        }),
        why); // by now all ranks are here
    core_->agree_or_throw(
        detail::attempt([&] {
            const detail::blocking_watch watch("team::split (MPI_Comm_split)", core_->as_waiter(),
                                               "other ranks of the team");
            detail::mpi_check(MPI_Comm_split(core_->comm(), color, key, &part), "MPI_Comm_split");
        }),
        why);
    // Ranks that shared memory in this team still share it in its parts, simulated nodes included.
    // If one part cannot be made, none is: the ranks of all parts called this together.
    std::shared_ptr<team_core> core;
    core_->agree_or_throw(
        detail::attempt([&] {
            core = std::make_shared<team_core>(
                part, detail::grouping{node(), core_->is_oversubscribed(), core_->is_on_one_host()},
                core_->progress_is_by());
            const detail::blocking_watch watch("team::split (MPI_Comm_free)", core->as_waiter(),
                                               "other ranks of its part");
            detail::mpi_check(MPI_Comm_free(&part), "MPI_Comm_free");
        }),
        why);
    return team(std::move(core));
}

} // namespace nodespan
