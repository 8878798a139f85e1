#pragma once

#include "nodespan/detail/access.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/detail/mpi.hpp"
#include "nodespan/placement.hpp"

#include <memory>

namespace NODESPAN_EXPORT nodespan {

namespace detail {
class team_core;
} // namespace detail

/// How a communicator becomes a team.
struct team_options {
    /// Cuts every node into simulated nodes of this many ranks, to try the way across nodes on one
    /// machine. 0: the environment variable NODESPAN_RANKS_PER_NODE, or real nodes without it.
    int ranks_per_node = 0;
};

/// A group of ranks, numbered node by node: what everything collective is collective over.
///
/// Keeps communicators of its own, so its traffic never meets the host code's. A handle to shared
/// state: arrays keep the state alive. The last one to let go releases it, which is collective; a
/// rank that unwinds by an exception, or comes after MPI_Finalize, leaks it instead of waiting.
///
/// Threads: calls of a team and of what lives on it follow the thread level that MPI was started
/// with. Under MPI_THREAD_SINGLE and MPI_THREAD_FUNNELED they are the main thread's, else any
/// thread's, one at a time. Others throw errc::wrong_thread, before anything is done. Free of that
/// are views and elements of one's node, and on one node also transfers, atomics, locks and queues.
/// A team that ends on a thread which may not call is leaked, and its peers get errc::peer_lost.
///
/// A leader serves other nodes whatever it waits for, in any team: where MPI was started with
/// MPI_THREAD_SERIALIZED only in calls that are one thread's at a time, since in others the program
/// may let another thread use MPI; queues, rings and locks of a team of one node are such others.
///
/// Forks: a fork of a rank may use views and elements by operator(). All other calls throw
/// errc::wrong_thread there, and ends of objects do nothing: the team is its parent's.
///
/// With NODESPAN_REPORT=1 in the environment of all ranks, a team that is released says what it was
/// used for: see docs/report.md.
class team {
public:
    /// Groups the ranks of `comm` by node. A boost::mpi::communicator converts to it by itself.
    /// Call:   collective over `comm`; MPI is initialised.
    /// Errors: errc::not_initialized, errc::finalized, errc::invalid_argument (null or
    ///         inter-communicator, NODESPAN_RANKS_PER_NODE no number), MPI category; all ranks.
    /// Cost:   four communicators and a window; some 200 us. O(size) memory while it runs, and
    ///         none that grows with size afterwards if `comm` is ordered node by node.
    /// Source: MPI 3.1 section 6.4.2 (MPI_Comm_split_type), 11.2.3 (MPI_Win_allocate_shared).
    explicit team(MPI_Comm comm, team_options options = {});

    team(team&&) noexcept = default;
    team& operator=(team&&) noexcept = default;
    team(const team&) = delete;            // pass a reference: a copy would look like a new team
    team& operator=(const team&) = delete; // pass a reference: a copy would look like a new team
    ~team() = default;

    int rank() const noexcept;
    int size() const noexcept;
    int node() const noexcept;
    int nodes() const noexcept;
    int node_rank() const noexcept;
    int node_size() const noexcept;
    bool is_leader() const noexcept;

    /// The node of a rank.
    /// Errors: errc::out_of_range.
    int node_of(int rank) const;

    /// The number, in the communicator the team was made from, of team rank `rank`: it differs
    /// where ranks were not placed node by node.
    /// Errors: errc::out_of_range.
    int comm_rank(int rank) const;

    /// How the team's ranks sit on its nodes.
    const nodespan::placement& placement() const noexcept;

    /// Whether the node has more ranks than processor cores, so that waiting ranks do not spin.
    bool is_oversubscribed() const noexcept;

    /// All ranks in team order; all ranks of this node; the leaders in node order. The team's own:
    /// use them for messages as you like, but do not free them. On other ranks than leaders,
    /// leader_comm() is MPI_COMM_NULL. In a program with Boost.MPI, nodespan/boost_mpi.hpp gives
    /// them as its communicators.
    MPI_Comm comm() const noexcept;
    MPI_Comm node_comm() const noexcept;
    MPI_Comm leader_comm() const noexcept;

    /// Ends an epoch: what any rank wrote before, directly or by transfers, is visible to all ranks
    /// after it. node_fence() does so for the ranks of this node, and for what they wrote directly.
    /// Call:   collective over the team; over the node for node_fence().
    /// Errors: errc::peer_lost when another rank left by an exception; MPI category, on all ranks.
    /// Cost:   one node: some loads and stores, no MPI. Otherwise a barrier between leaders too,
    ///         and a round trip to each node this rank has sent something.
    /// Source: MPI 3.1 section 11.5.4 (MPI_Win_flush).
    void fence();
    void node_fence();

    /// Lets MPI serve other nodes' transfers to this one, which wait where the network needs the
    /// target's help: call it now and then in long computations of a leader. On other ranks it
    /// moves on what they have started themselves.
    /// Call:   any rank alone; does nothing in teams of one node.
    /// Cost:   some 100 ns.
    void progress();

    /// A team of those ranks that give the same `color`, ordered by `key`, then by rank.
    /// Call:   collective over this team.
    /// Errors: errc::invalid_argument (negative color), errc::peer_lost, MPI category.
    team split(int color, int key = 0) const;

private:
    friend struct detail::access;
    const std::shared_ptr<detail::team_core>& core() const noexcept { return core_; }
    explicit team(std::shared_ptr<detail::team_core> core) : core_(std::move(core)) {}

    std::shared_ptr<detail::team_core> core_;
};

} // namespace nodespan
