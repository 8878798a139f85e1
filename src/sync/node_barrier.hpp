#pragma once

#include "far_ends.hpp"
#include "mixed_calls.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The words that ranks tell each other in a meeting. They are combined by maximum, word by word.
/// Word 0 is not 0 if something failed.
using agreed_words = std::array<std::uint64_t, 5>;

/// The meeting point of the ranks of one node, in memory that they share. It needs no MPI, and no
/// system call if all ranks are quick. Every rank has a cache line of its own, which says how many
/// meetings it has reached, and one for each round of a meeting of many. node_barrier.cpp explains
/// the protocol.
///
/// All ranks call the same sequence of meetings. If they come to one for calls of different kinds,
/// all of them get an error that says so, see mixed_calls. Some meetings have a leader and some
/// have none: `arrive_and_wait` has none. In a led meeting all ranks call `arrive`; the leader then
/// calls `wait_for_all` and `release`, and may talk to other nodes in between; the others call
/// `wait_for_release`. A rank that waits too long prints a line that says for whom it waits.
class node_barrier {
public:
    /// Bytes of shared memory that `ranks` ranks need; it must be zeroed and aligned to 128.
    static std::size_t bytes(int ranks);

    /// `first_rank`, the team's number of node rank 0, is only for messages.
    node_barrier(void* memory, int rank, int ranks, int first_rank, bool oversubscribed);

    node_barrier(const node_barrier&) = delete;            // each object counts its own arrivals
    node_barrier& operator=(const node_barrier&) = delete; // each object counts its own arrivals

    /// Sets how messages describe other nodes; without it they give the numbers of nodes.
    void know(const far_ends& ends) noexcept { ends_ = &ends; }

    /// The word in which this rank says which node it waits for outside of meetings: 1 + the node's
    /// number, or 0 for none. Ranks that wait for this rank then name that node in their message.
    shared_word& note() noexcept { return line(rank_).waits_for; }

    /// A list of ranks of the node with what their notes say, such as "rank 0, which itself waits
    /// for node 1 on host b, ranks 2, 3". `late` has the ranks' numbers in the team.
    std::string with_notes(const std::vector<int>& late) const;

    /// Returns when all ranks have called it.
    /// Errors: errc::peer_lost; errc::mismatched_arguments if ranks came for different calls.
    void arrive_and_wait(const occasion& why = some_call);

    /// Led meetings: says that this rank has arrived, and what it tells. `why` stays valid until
    /// the end.
    void arrive(const agreed_words& words, const occasion& why = some_call);

    /// Leader only: waits for all ranks and combines their words; calls `progress` while it waits.
    /// Errors: as arrive_and_wait; so has wait_for_release.
    agreed_words wait_for_all(const std::function<void()>& progress);

    /// Leader only: ends the meeting with this result.
    void release(const agreed_words& result);

    /// Other ranks: waits for the leader's result.
    agreed_words wait_for_release();

    /// Tells all ranks that this one will not come any more; their waits throw errc::peer_lost.
    void abandon() noexcept;
    bool is_abandoned() const noexcept;

    /// Leader only: tells its node that another node is abandoned. Waits here go on: that node may
    /// have come to what they wait for.
    void report_loss() noexcept;

    /// Whether a rank of this node or, as the leader reported, of another one has left.
    bool is_anyone_lost() const noexcept;

    /// The words of the ranks that count the meetings each has come to: the first one, and how many
    /// bytes lie between two. The least of them is the number of the meeting that ended last, or
    /// whose end nobody has left yet.
    const shared_word& first_arrival() const noexcept { return line(0).arrived; }
    static constexpr std::size_t arrival_step() noexcept { return sizeof(rank_line); }

    /// The team's numbers of those that have not come to this rank's present meeting.
    std::vector<int> missing() const;

    /// Whether a rank of the node waits in a meeting to which this rank has not come.
    bool is_in_next_meeting(int node_rank) const noexcept {
        return is_reached(line(node_rank).arrived.load(std::memory_order_acquire), meeting_ + 1);
    }

    /// Says that this rank waits, outside of meetings, for a rank that waits for it in one.
    /// Errors: errc::mismatched_arguments.
    [[noreturn]] void throw_mixed(const occasion& mine, int node_rank);

    /// Errors: errc::mismatched_arguments if calls of this node's ranks are known to be mixed.
    void throw_if_mixed(const occasion& mine);

    /// Leader only: gives this node's ranks the error of nodes that came for different calls.
    void tell_mixed(const std::string& message) noexcept;

private:
    struct alignas(128) meeting_line {
        shared_word released; // number of the last meeting that ended
        agreed_words result;
    };
    struct alignas(128) count_line {
        // Of counted meetings, all ranks together: each adds 1 and, in the high half, the kind of
        // its call.
        std::atomic<std::uint64_t> arrivals;
    };
    struct alignas(128) flag_line {
        shared_word sleepers;
        shared_word abandoned;      // 1 + the node rank that left, or for_mixed_calls
        shared_word lost_elsewhere; // not 0 where another node is abandoned
    };
    struct alignas(128) rank_line {
        shared_word arrived;  // number of the last meeting this rank came to
        shared_word kinds[2]; // of the calls for which it came to the last two meetings
        agreed_words words;
        shared_word waits_for; // see note()
    };
    // Of one rank and one round: the rank that waits for it may still read it when the next round
    // begins.
    struct alignas(128) round_line {
        shared_word meeting;  // number of the last disseminated meeting in which it was begun
        shared_word kinds[2]; // as a rank's
    };
    struct layout {
        meeting_line meeting;
        count_line count;
        flag_line flags;
        rank_line ranks[1]; // as many as the node has; behind them the lines of their rounds
    };

    enum class shape { flags, dissemination, count };

    static constexpr std::uint32_t for_mixed_calls = ~std::uint32_t{0};

    // Meetings are counted modulo 2^32; the sign of the difference tells which of two numbers is
    // later.
    static bool is_reached(std::uint32_t count, std::uint32_t goal) noexcept {
        return static_cast<std::int32_t>(count - goal) >= 0;
    }

    rank_line& line(int rank) const noexcept { return shared_->ranks[rank]; }
    round_line& line(int rank, int round) const noexcept {
        return rounds_[rank * rounds_of(ranks_) + round];
    }
    static int rounds_of(int ranks) noexcept {
        return static_cast<int>(std::bit_width(static_cast<unsigned>(ranks - 1)));
    }
    std::uint32_t kind() const noexcept { return why_->operation.kind; }
    void say_kind(shared_word (&kinds)[2]) const noexcept {
        kinds[meeting_ % 2].store(kind(), std::memory_order_relaxed);
    }
    void require_same_kind(const shared_word (&kinds)[2], int rank) {
        if (kinds[meeting_ % 2].load(std::memory_order_relaxed) != kind()) throw_mixed(*why_, rank);
    }
    void look_for_other_kinds();
    void wake_all() noexcept;
    void wake_sleepers() noexcept;
    static std::size_t lines_bytes(int ranks);
    static std::size_t barrier_bytes(int ranks);
    void throw_if_abandoned();
    void throw_if_abandoned(const occasion& mine);
    void meet_by_flags();
    void meet_by_dissemination();
    void meet_by_count();
    void complain(const watchdog& watch) const;
    template <class Slow>
    void wait_until(shared_word& word, std::uint32_t goal, const patience& how, Slow&& slow,
                    bool others_go_on = false);

    layout* shared_;
    round_line* rounds_;
    int rank_;
    int ranks_;
    int first_rank_;
    mixed_calls mixed_;
    shape shape_; // of leaderless meetings
    patience patience_;
    std::uint32_t meeting_ = 0;      // the meeting this rank is in, or was in last
    std::uint32_t disseminated_ = 0; // of these, those by dissemination so far
    std::uint64_t arrivals_ = 0;     // what count.arrivals is after a counted meeting
    const occasion* why_ = nullptr;
    const far_ends* ends_ = nullptr;
};

} // namespace nodespan::detail
