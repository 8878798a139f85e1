#pragma once

#include "blocking_watch.hpp"
#include "far_ends.hpp"
#include "grouping.hpp"
#include "leader_barrier.hpp"
#include "node_barrier.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"
#include "nodespan/placement.hpp"
#include "progress_thread.hpp"
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

/// The state behind `team`: communicators, the placement of ranks, and the words by which its ranks
/// meet.
class team_core {
public:
    /// Collective over `comm`; see team's constructor. If it fails, it fails on all ranks and keeps
    /// nothing. `by` has been checked.
    team_core(MPI_Comm comm, const grouping& mine, progress_by by);
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
    progress_by progress_is_by() const noexcept { return progress_by_; }
    const std::shared_ptr<const nodespan::placement>& placement() const noexcept { return ranks_; }
    int comm_rank(int rank) const { return order_ == nullptr ? rank : order_[rank]; }

    MPI_Comm comm() const noexcept { return handles_[0]; }
    MPI_Comm node_comm() const noexcept { return handles_[1]; }
    MPI_Comm leader_comm() const noexcept { return handles_[2]; }

    /// All ranks in team order, for nodespan's own messages, which the program's messages never
    /// meet.
    MPI_Comm traffic() const noexcept { return handles_[3]; }

    /// The ranks that make a window together, and how they agree.
    window_makers makers() {
        return {[this](const std::optional<error>& mine) {
                    agree_or_throw(mine, {"creation of a window"});
                },
                as_waiter()};
    }

    /// An address in memory that the ranks of this node share.
    const void* shared_memory() const noexcept { return meeting_words_.data(); }

    /// The site of this node's windows; `directory` is the folder of the files behind them.
    window_site site(const std::string& directory) const {
        return {directory, rank_, node_, is_leader(), node_size() == 1, is_oversubscribed()};
    }

    /// The rule for threads, for code that uses MPI beside this class.
    thread_rule& threads() noexcept { return threads_; }

    /// The counters for a usage report; null if none is wanted.
    team_usage* usage() const noexcept { return usage_.get(); }

    /// How onlookers tell the epochs of this node's memory apart.
    const node_barrier& meetings() const noexcept { return *barrier_; }

    /// A number of the team, the same on all of its ranks, that hardly another one has.
    std::uint64_t token() const noexcept { return token_; }

    /// See team's. `why` says what the fence belongs to, if that is not the team.
    void fence();
    void fence(const occasion& why);
    void node_fence();
    void node_fence(const occasion& why);

    /// What a leader has to do for other nodes while it waits or computes: it keeps MPI going and
    /// notices abandoned nodes. Other ranks do nothing.
    void progress();

    /// Whether a rank is known to have left by an exception.
    bool is_anyone_lost();

    /// A node_fence that fails on all ranks of the node if one of them brings a failure.
    void node_fence(const std::optional<error>& mine, const occasion& why);

    /// A node_fence during which the leader does some work, once all ranks have arrived and none
    /// has left. The error that the work returns is thrown on the leader, and a failure on the
    /// others.
    void led_fence(const std::function<std::optional<error>()>& work, const occasion& why);

    /// Returns the maximum over all ranks, word by word. Word 0 says whether anything failed on any
    /// rank, MPI included.
    /// Call:   collective. A fence as well.
    /// Errors: errc::peer_lost.
    agreed_words agree(const agreed_words& mine, const occasion& why = some_call);

    /// Throws on all ranks the error of the lowest rank that has one, or returns on all.
    /// Call:   collective. A fence as well.
    /// Errors: the agreed error, marked collective; errc::peer_lost.
    void agree_or_throw(const std::optional<error>& mine, const occasion& why);

    /// The same; then returns the largest `value`. Throws errc::mismatched_arguments on all ranks
    /// unless they call on the same thing: `number` is its number.
    std::uint64_t agree_on_most(const std::optional<error>& mine, std::uint64_t value,
                                std::uint64_t number, const occasion& why);

    /// Gives all ranks the value, or the text, of rank `from`.
    /// Call:   collective.
    /// Errors: errc::peer_lost; MPI category, on all ranks.
    /// Cost:   for a text, one meeting for every 32 bytes.
    std::uint64_t from_rank(int from, std::uint64_t value, const occasion& why);
    std::string from_rank(int from, const std::string& text, const occasion& why);

    /// Waits until what this rank has sent to other nodes has arrived. Returns the error, if there
    /// is one.
    /// Call:   any rank alone.
    std::optional<error> flush_attached();

    /// Waits until MPI has ended what this rank has started. `peer_of` gives the rank to which a
    /// request belongs, -1 for several; a message says `of_peers` behind those. If this throws, the
    /// memory of the requests must be leaked; lent_memory does so. Exported for nodespan_hdf5.
    /// Errors: errc::peer_lost once a rank has left and nothing has arrived for a while; MPI
    ///         category.
    NODESPAN_EXPORT void wait(std::span<MPI_Request> requests, const occasion& why,
                              const std::function<int(std::size_t)>& peer_of,
                              const char* of_peers = "");

    /// Throws the same error on all ranks if one of them brings an error, or if their fingerprints
    /// differ (errc::mismatched_arguments). Otherwise returns the smallest `least`. `look_closer`,
    /// where given, may first throw an error that says why the fingerprints differ.
    /// Call:   collective. A fence as well.
    std::uint64_t agree_on(const std::optional<error>& mine, std::uint64_t fingerprint,
                           const std::string& description, std::uint64_t least = 0,
                           const std::function<void()>& look_closer = {});

    /// What rank 0 has, and the first rank that has something else.
    struct mismatch {
        std::string first;
        int other = 0;
        std::string second;
    };

    /// Throws errc::mismatched_arguments on all ranks, with the text that `say` makes of the first
    /// difference.
    /// Call:   collective, once ranks know that their fingerprints differ.
    [[noreturn]] void throw_mismatch(std::uint64_t fingerprint, const std::string& text,
                                     const occasion& why,
                                     const std::function<std::string(const mismatch&)>& say);

    /// Throws errc::mismatched_arguments on all ranks unless their fingerprints of `description`
    /// are equal.
    /// Call:   collective. A fence as well.
    void require_same(std::uint64_t fingerprint, const std::string& description,
                      const occasion& why);

    /// Copies memory of node `root` to the same memory of all nodes, once all ranks have called.
    /// Call:   collective.
    /// Errors: MPI category, errc::peer_lost; on all ranks.
    void broadcast(std::byte* data, std::size_t bytes, int root);

    /// A meeting of this node's ranks only, by loads and stores.
    /// Errors: errc::peer_lost.
    void meet_on_node(const occasion& why = some_call) { barrier_->arrive_and_wait(why); }

    /// For waits of this node's ranks outside of meetings, which may be for ranks in a meeting; see
    /// node_barrier.
    bool is_in_next_meeting(int node_rank) const { return barrier_->is_in_next_meeting(node_rank); }
    [[noreturn]] void throw_mixed(const occasion& mine, int node_rank) {
        barrier_->throw_mixed(mine, node_rank);
    }
    void throw_if_mixed(const occasion& mine) { barrier_->throw_if_mixed(mine); }

    /// Leaders count a call in which nodes wait for each other, beside meetings, so that it is told
    /// from those; see call_order. Other ranks do nothing.
    /// Call:   all ranks, in the same order.
    void begin_call(const occasion& why) noexcept {
        if (between_nodes_) between_nodes_->begin_call(why.operation);
    }

    /// Whether a rank of this node has left by an exception, or its calls are mixed.
    bool is_node_abandoned() const noexcept { return barrier_->is_abandoned(); }

    /// This rank as a waiter, for messages.
    waiter as_waiter() noexcept { return {rank_, &*ends_, &barrier_->note()}; }
    const far_ends& ends() const noexcept { return *ends_; }

    /// Some ranks of this node, by their numbers in the team, and the nodes they wait for
    /// themselves.
    std::string with_notes(const std::vector<int>& late) const {
        return barrier_->with_notes(late);
    }

    /// Tells all other ranks that this node takes part in nothing any more; the team has ended.
    void abandon() noexcept;

    /// The same on a thread that may not call MPI.
    void abandon_without_mpi() noexcept;

    /// An object of a higher layer that lives as long as the team, such as its arena.
    struct attachment {
        virtual ~attachment() = default;
        virtual void flush() = 0;            // before a fence: waits for what this rank has started
        virtual void release() noexcept = 0; // collective; not called if the team is leaked
    };
    std::shared_ptr<attachment> attached;

    /// What the collective calls keep from call to call. Its end needs no communication.
    std::shared_ptr<void> collectives;

    /// The same for lists of all ranks.
    std::shared_ptr<void> lists;

private:
    std::vector<int> group(MPI_Comm comm, int label);
    void make_communicators(MPI_Comm comm);
    void make_meeting_words(MPI_Comm comm, const std::vector<int>& order);
    void gather_hosts(std::byte* to);
    std::uint64_t lowest_failure(const std::optional<error>& mine) const;
    agreed_words agree_well(const agreed_words& mine, const occasion& why);
    [[noreturn]] void throw_error_of(int rank, const std::optional<error>& mine,
                                     const occasion& why);
    // Word 0 if MPI failed between leaders. In agreements on errors it otherwise says which rank
    // has one.
    static constexpr std::uint64_t mpi_failed_word = std::numeric_limits<std::uint64_t>::max();

    struct waited_for {
        std::vector<int> nodes, peers; // other nodes, and ranks of this one
    };
    waited_for pending(std::span<MPI_Request> requests,
                       const std::function<int(std::size_t)>& peer_of) const;
    std::string text_of(const waited_for& whom) const;
    occasion of_team(operation_name operation) const;
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
    const int* order_ = nullptr; // comm ranks by team rank, if they differ; one copy a node
    std::uint64_t token_ = 0;
    int rank_ = 0;
    int node_ = 0;
    bool oversubscribed_ = false;
    bool on_one_host_ = false;
    progress_by progress_by_;
    MPI_Comm handles_[4] = {MPI_COMM_NULL, MPI_COMM_NULL, MPI_COMM_NULL,
                            MPI_COMM_NULL}; // team, node, leaders, traffic
    shared_window meeting_words_;
    std::optional<far_ends> ends_;
    std::optional<node_barrier> barrier_;
    std::optional<leader_barrier> between_nodes_; // on leaders, where there are several nodes
    std::shared_ptr<progress_thread> helper_;     // likewise, if it is wanted
    int exceptions_ = 0;                          // exceptions in flight when this object was made
};

/// The occasion of making what `description` says, which must stay valid as long as the result.
occasion creation_of(const std::string& description);

} // namespace nodespan::detail
