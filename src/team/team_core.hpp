#pragma once

#include "blocking_watch.hpp"
#include "far_ends.hpp"
#include "grouping.hpp"
#include "leader_barrier.hpp"
#include "node_barrier.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"
#include "nodespan/placement.hpp"
#include "shared_window.hpp"
#include "thread_rule.hpp"
#include "usage_counters.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The state behind `team`: communicators, where ranks sit, and the node's meeting place.
class team_core {
public:
    /// Collective over `comm`; see team's constructor. On failure nothing is kept, on all ranks.
    team_core(MPI_Comm comm, const grouping& mine);
    ~team_core();

    team_core(const team_core&) = delete;
    team_core& operator=(const team_core&) = delete;

    int rank() const noexcept { return rank_; }
    int node() const noexcept { return node_; }
    int node_rank() const noexcept { return rank_ - ranks_->first_rank(node_); }
    int node_size() const noexcept { return ranks_->node_size(node_); }
    bool is_leader() const noexcept { return node_rank() == 0; }
    bool is_oversubscribed() const noexcept { return oversubscribed_; }
    bool is_on_one_host() const noexcept { return on_one_host_; }
    const std::shared_ptr<const nodespan::placement>& placement() const noexcept { return ranks_; }
    int comm_rank(int rank) const { return order_ == nullptr ? rank : order_[rank]; }

    MPI_Comm comm() const noexcept { return handles_[0]; }
    MPI_Comm node_comm() const noexcept { return handles_[1]; }
    MPI_Comm leader_comm() const noexcept { return handles_[2]; }

    /// All ranks in team order, for nodespan's own messages: the program's never meet them.
    MPI_Comm traffic() const noexcept { return handles_[3]; }

    /// How the ranks of this team agree on a window, and who waits for it.
    window_makers makers() {
        return {[this](const std::optional<error>& mine) {
                    agree_or_throw(mine, {"creation of a window"});
                },
                as_waiter()};
    }

    /// Somewhere in memory that the ranks of this node share.
    const void* shared_memory() const noexcept { return meeting_place_.data(); }

    /// Where this node's windows lie: `directory` is that of the files behind them.
    window_site site(const std::string& directory) const {
        return {directory, rank_, node_, is_leader(), node_size() == 1};
    }

    /// Which threads may call: for those that use MPI beside this class.
    thread_rule& threads() noexcept { return threads_; }

    /// The counters for a usage report; null where none is wanted.
    team_usage* usage() const noexcept { return usage_.get(); }

    /// See team's. `why` names what the fence is of, where that is not the team.
    void fence();
    void fence(const occasion& why);
    void node_fence();
    void node_fence(const occasion& why);

    /// What a leader owes the other nodes while it waits or computes: keeps MPI going, and notices
    /// when a node is abandoned. Nothing on other ranks.
    void progress();

    /// Whether a rank is known to have left by an exception.
    bool is_anyone_lost();

    /// A node_fence that fails on all ranks of the node where one of them comes with a failure.
    void node_fence(const std::optional<error>& mine, const occasion& why);

    /// A node_fence in the middle of which, when all have come and nobody has left, the leader does
    /// some work; what that returns is thrown on the leader, and a failure on the others.
    void led_fence(const std::function<std::optional<error>()>& work, const occasion& why);

    /// The maximum over all ranks, word by word; word 0 says whether anything failed anywhere, MPI
    /// included.
    /// Call:   collective. A fence as well.
    /// Errors: errc::peer_lost.
    agreed_words agree(const agreed_words& mine, const occasion& why = {});

    /// Throws on all ranks the error of the lowest one that brings one, or returns on all.
    /// Call:   collective. A fence as well.
    /// Errors: the agreed error, marked collective; errc::peer_lost.
    void agree_or_throw(const std::optional<error>& mine, const occasion& why);

    /// What rank `from` knows, for all.
    /// Call:   collective.
    /// Errors: errc::peer_lost; MPI category, on all ranks.
    /// Cost:   of a text, a meeting for every 32 bytes.
    std::uint64_t from_rank(int from, std::uint64_t value, const occasion& why);
    std::string from_rank(int from, const std::string& text, const occasion& why);

    /// Waits until what this rank has sent to other nodes has come.
    /// Call:   any rank alone. Returns what failed.
    std::optional<error> flush_attached();

    /// Waits for MPI to end what this rank has started; `peer_of` gives the rank that a request is
    /// for, -1 for several. What it uses must be leaked unless this returns: lent_memory does so.
    /// Errors: errc::peer_lost once a rank has left and nothing came for a while; MPI category.
    ///         Exported for nodespan_hdf5.
    NODESPAN_EXPORT void wait(std::span<MPI_Request> requests, const occasion& why,
                              const std::function<int(std::size_t)>& peer_of);

    /// Throws the same error on all ranks if one of them brings one, or if their fingerprints are
    /// not equal (errc::mismatched_arguments); else returns the least of their `least`.
    /// Call:   collective. A fence as well. `look_closer`, where given, may first throw what lies
    ///         behind unequal fingerprints.
    std::uint64_t agree_on(const std::optional<error>& mine, std::uint64_t fingerprint,
                           const std::string& description, std::uint64_t least = 0,
                           const std::function<void()>& look_closer = {});

    /// What rank 0 brings, and the first rank that brings something else.
    struct mismatch {
        std::string first;
        int other = 0;
        std::string second;
    };

    /// Throws errc::mismatched_arguments on all ranks, with what `say` makes of the first
    /// difference.
    /// Call:   collective, once ranks know that their fingerprints are not equal.
    [[noreturn]] void throw_mismatch(std::uint64_t fingerprint, const std::string& text,
                                     const occasion& why,
                                     const std::function<std::string(const mismatch&)>& say);

    /// Throws errc::mismatched_arguments on all ranks unless their fingerprints of `description`
    /// are equal.
    /// Call:   collective. A fence as well.
    void require_same(std::uint64_t fingerprint, const std::string& description,
                      const occasion& why);

    /// Copies memory of node `root` to the same memory of all nodes, when all ranks have come.
    /// Call:   collective.
    /// Errors: MPI category, errc::peer_lost; on all ranks.
    void broadcast(std::byte* data, std::size_t bytes, int root);

    /// A meeting of this node's ranks alone, by loads and stores.
    /// Errors: errc::peer_lost.
    void meet_on_node(const occasion& why = {}) { barrier_->arrive_and_wait(why); }

    /// Whether a rank of this node has left by an exception.
    bool is_node_abandoned() const noexcept { return barrier_->is_abandoned(); }

    /// This rank as one that waits, for messages.
    waiter as_waiter() noexcept { return {rank_, &*ends_, &barrier_->note()}; }
    const far_ends& ends() const noexcept { return *ends_; }

    /// Ranks of this node, by their numbers in the team, and whom they themselves wait for.
    std::string with_notes(const std::vector<int>& late) const {
        return barrier_->with_notes(late);
    }

    /// Tells all others that this node comes to nothing any more; the team is at its end.
    void abandon() noexcept;

    /// The same on a thread that may not call.
    void abandon_without_mpi() noexcept;

    /// Something of a lower layer that lives as long as the team, such as its arena.
    struct attachment {
        virtual ~attachment() = default;
        virtual void flush() = 0;            // before a fence: ends what this rank has started
        virtual void release() noexcept = 0; // collective; not called where the team is leaked
    };
    std::shared_ptr<attachment> attached;

    /// What the collectives keep from call to call. Its end needs no communication.
    std::shared_ptr<void> collectives;

private:
    std::vector<int> group(MPI_Comm comm, int label);
    void make_communicators(MPI_Comm comm);
    void make_meeting_place(MPI_Comm comm, const std::vector<int>& order);
    void gather_hosts(std::byte* to);
    std::uint64_t lowest_failure(const std::optional<error>& mine) const;
    agreed_words agree_well(const agreed_words& mine, const occasion& why);
    [[noreturn]] void throw_error_of(int rank, const std::optional<error>& mine,
                                     const occasion& why);
    // Word 0 where MPI failed between leaders; in agreements on errors it else says whose it is.
    static constexpr std::uint64_t mpi_failed_word = std::numeric_limits<std::uint64_t>::max();

    struct waited_for {
        std::vector<int> nodes, peers; // other nodes, and ranks of this one
    };
    waited_for pending(std::span<MPI_Request> requests,
                       const std::function<int(std::size_t)>& peer_of) const;
    std::string text_of(const waited_for& whom) const;
    occasion of_team(const char* operation) const;
    template <class Body>
    agreed_words lead(Body&& body);
    template <class Body>
    void meet(const std::optional<error>& mine, const occasion& why, Body&& between_leaders);
    void report_usage();
    std::uint64_t worst_of_leaders(std::uint64_t word, const occasion& why);
    void agree_between_leaders(agreed_words& words, const occasion& why);

    std::shared_ptr<clock_watcher> watcher_ = clock_watcher::hold();
    thread_rule threads_{"team"};
    std::unique_ptr<team_usage> usage_ = team_usage::if_wanted();
    std::shared_ptr<const nodespan::placement> ranks_;
    const int* order_ = nullptr; // comm ranks by team rank, where they differ; once a node
    int rank_ = 0;
    int node_ = 0;
    bool oversubscribed_ = false;
    bool on_one_host_ = false;
    MPI_Comm handles_[4] = {MPI_COMM_NULL, MPI_COMM_NULL, MPI_COMM_NULL,
                            MPI_COMM_NULL}; // team, node, leaders, traffic
    shared_window meeting_place_;
    std::optional<far_ends> ends_;
    std::optional<node_barrier> barrier_;
    std::optional<leader_barrier> between_nodes_; // on leaders, where there are several nodes
    int exceptions_ = 0;                          // in flight when this object was made
};

/// The making of what `description` says, which stays as long as the result.
occasion creation_of(const std::string& description);

} // namespace nodespan::detail
