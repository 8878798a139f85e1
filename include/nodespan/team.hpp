#pragma once

#include "nodespan/detail/access.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/detail/mpi.hpp"
#include "nodespan/detail/owned.hpp"
#include "nodespan/placement.hpp"
#include "nodespan/progress_by.hpp"

#include <memory>

namespace NODESPAN_EXPORT nodespan {

namespace detail {
class team_core;
} // namespace detail

/// Options for making a team of a communicator.
struct team_options {
    /// Cuts every node into simulated nodes of this many ranks, to test communication across nodes
    /// on one machine. 0: as the environment variable NODESPAN_RANKS_PER_NODE says; real nodes if
    /// it is not set.
    int ranks_per_node = 0;

    /// Who keeps MPI going for transfers of other nodes while a leader computes. By a thread, such
    /// a transfer waits 50 us or so for it, instead of for the leader's next call; the price is
    /// some percent of a core on each node. It counts for teams split off from this one too, and
    /// does nothing in teams of one node.
    progress_by progress = progress_by::as_set;
};

/// A group of ranks, numbered node by node, over which collective calls are collective.
///
/// It has communicators of its own, so its traffic never meets the host code's. It is a handle to
/// shared state, and arrays keep the state alive. The last handle releases it, which is collective.
/// A rank that unwinds by an exception, or releases it after MPI_Finalize, leaks it and does not
/// wait.
///
/// Threads: calls of a team, and of objects that belong to it, follow the thread level with which
/// MPI was started. Under MPI_THREAD_SINGLE and MPI_THREAD_FUNNELED only the main thread may call,
/// otherwise any thread, one at a time. Other calls throw errc::wrong_thread, before anything is
/// done. Any thread may use views and elements of its node, and in teams of one node also
/// transfers, atomic operations, locks and queues. A team that ends on a thread that may not call
/// is leaked, and its peers get errc::peer_lost.
///
/// A leader serves other nodes whatever it waits for, in any team. If MPI was started with
/// MPI_THREAD_SERIALIZED, it does so only in calls that one thread makes at a time, because during
/// other calls the program may let another thread use MPI. Such other calls are those of queues,
/// rings and locks in teams of one node.
///
/// Forks: a fork of a rank may use views and elements by operator(). All other calls throw
/// errc::wrong_thread there, and destructors do nothing, because the team belongs to the parent.
///
/// A team that has been moved from throws errc::invalid_argument in all its calls.
///
/// With NODESPAN_REPORT=1 in the environment of all ranks, a team that is released reports how it
/// was used: see docs/report.md.
class team {
public:
    /// Groups the ranks of `comm` by node. A boost::mpi::communicator converts to it by itself.
    /// Call:   collective over `comm`; MPI is initialised.
    /// Errors: errc::not_initialized, errc::finalized, errc::invalid_argument (null or
    ///         inter-communicator, NODESPAN_RANKS_PER_NODE no number, progress that MPI's thread
    ///         level does not allow), MPI category; all ranks.
    /// Cost:   four communicators and a window; some 200 us. O(size) memory while it runs, and
    ///         none that grows with size afterwards if `comm` is ordered node by node.
    /// Source: MPI 3.1 section 6.4.2 (MPI_Comm_split_type), 11.2.3 (MPI_Win_allocate_shared).
    explicit team(MPI_Comm comm, team_options options = {});

    team(team&&) noexcept = default;
    team& operator=(team&&) noexcept = default;
    team(const team&) = delete;            // pass a reference: a copy would look like a new team
    team& operator=(const team&) = delete; // pass a reference: a copy would look like a new team
    ~team() = default;

    int rank() const;
    int size() const;
    int node() const;
    int nodes() const;
    int node_rank() const;
    int node_size() const;
    bool is_leader() const;

    /// The node of a rank.
    /// Errors: errc::out_of_range.
    [[nodiscard]] int node_of(int rank) const;

    /// The number of team rank `rank` in the communicator from which the team was made. It differs
    /// if ranks were not placed node by node.
    /// Errors: errc::out_of_range.
    [[nodiscard]] int comm_rank(int rank) const;

    /// How the team's ranks are distributed over its nodes.
    const nodespan::placement& placement() const;

    /// Whether the node has more ranks than processor cores, so that waiting ranks do not spin.
    bool is_oversubscribed() const;

    /// The communicators of all ranks in team order, of all ranks of this node, and of the leaders
    /// in node order. They belong to the team: use them for messages as you like, but do not free
    /// them. On ranks that are no leaders, leader_comm() is MPI_COMM_NULL. nodespan/boost_mpi.hpp
    /// returns them as communicators of Boost.MPI.
    MPI_Comm comm() const;
    MPI_Comm node_comm() const;
    MPI_Comm leader_comm() const;

    /// Ends an epoch: what any rank wrote before, directly or by transfers, is visible to all ranks
    /// after it. node_fence() does so for the ranks of this node, and for what they wrote directly.
    /// Call:   collective over the team; over the node for node_fence().
    /// Errors: errc::peer_lost when another rank left by an exception; MPI category, on all ranks.
    /// Cost:   one node: some loads and stores, no MPI. Otherwise a barrier between leaders too,
    ///         and a round trip to each node this rank has sent something.
    /// Source: MPI 3.1 section 11.5.4 (MPI_Win_flush).
    void fence();
    void node_fence();

    /// Lets MPI serve other nodes' transfers to this node, which wait if the network needs the
    /// target's help: call it now and then in long computations of a leader, or leave it to a
    /// thread: team_options::progress. On other ranks it moves on the transfers that they have
    /// started themselves.
    /// Call:   any rank alone; does nothing in teams of one node.
    /// Cost:   some 100 ns.
    void progress();

    /// A team of those ranks that give the same `color`, ordered by `key`, then by rank.
    /// Call:   collective over this team.
    /// Errors: errc::invalid_argument (negative color), errc::peer_lost, MPI category.
    [[nodiscard]] team split(int color, int key = 0) const;

private:
    friend struct detail::access;
    const std::shared_ptr<detail::team_core>& core() const {
        if (core_ == nullptr) [[unlikely]]
            detail::refuse_moved_from("team");
        return core_;
    }
    explicit team(std::shared_ptr<detail::team_core> core) : core_(std::move(core)) {}

    std::shared_ptr<detail::team_core> core_;
};

} // namespace nodespan
