#pragma once

#include "arena.hpp"
#include "nodespan/collectives.hpp"
#include "team_core.hpp"
#include "wait.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace nodespan::detail {

/// What a rank says when it enters a collective call.
struct call_note {
    collective_call::name_type name = collective_call::name_type::all_reduce;
    element_kind kind = element_kind::other;
    accumulate_op op = accumulate_op::sum;
    std::int32_t root = 0;
    std::uint64_t element_bytes = 0;
    std::uint64_t count = 0;
    arena::window_location location; // window -1: in the rank's own memory

    std::uint64_t bytes() const noexcept { return element_bytes * count; }
    bool is_shared() const noexcept { return location.window >= 0; }

    /// Whether both notes are about the same call. Locations may differ.
    bool agrees_with(const call_note& other) const noexcept {
        return name == other.name && kind == other.kind && op == other.op && root == other.root &&
               element_bytes == other.element_bytes && count == other.count;
    }
};

/// The result of comparing the notes of a node's ranks.
struct call_verdict {
    enum class finding : std::uint32_t { good, mismatch, overlap };

    finding what = finding::good;
    std::int32_t rank = 0, other_rank = 0; // in the team: two whose notes disagree
    call_note note, other_note;

    /// Takes in what the nodes behind these have found. The first of all ranks is compared with all
    /// others.
    void join(const call_verdict& later) noexcept;
};

/// Where the ranks of a node show each other their notes, and small values beside them, in shared
/// memory. One turn is one meeting. rendezvous.cpp explains the protocol.
class rendezvous {
public:
    /// The bytes of values that fit into a note's line.
    static constexpr std::size_t line_values_bytes = 48;

    /// The most bytes that leaders send to other nodes beside their verdicts.
    static constexpr std::size_t result_bytes = 64 * 1024;

    /// The most bytes that each of `ranks` ranks of a node can show at once.
    static std::size_t shown_bytes(int ranks) noexcept;

    /// Bytes of shared memory that `ranks` ranks need, zeroed and aligned to 128.
    static std::size_t bytes(int ranks, std::size_t shown_bytes, bool over_nodes) noexcept;

    rendezvous(team_core& team, std::byte* memory, std::size_t shown_bytes);

    /// Shows my note, and my values if `with_values` and they are small enough. Returns when all
    /// ranks of the node have done so.
    /// Errors: errc::peer_lost.
    void show(const call_note& mine, const std::byte* values, bool with_values);

    /// What the node's ranks have shown in this turn.
    const call_note& note_of(int node_rank) const noexcept { return line_of(node_rank).note; }
    const std::byte* values_of(int node_rank) const noexcept;
    bool fits(std::uint64_t bytes) const noexcept { return bytes <= shown_bytes_; }
    bool are_all_shared() const noexcept;

    /// Compares the notes. The same on all ranks of the node.
    call_verdict compare() const;

    /// Where the leader tells its node the outcome of the call among nodes.
    struct alignas(128) outcome {
        call_verdict verdict;
        std::size_t value_bytes = 0; // as many as there are; 0 where the nodes have none
        alignas(16) std::byte values[result_bytes];

        /// What other nodes need of it.
        std::span<std::byte> message() noexcept {
            return {reinterpret_cast<std::byte*>(this), offsetof(outcome, values) + value_bytes};
        }
        void copy(outcome& from) noexcept {
            std::memcpy(static_cast<void*>(this), &from, from.message().size());
        }
    };
    /// Call:   in teams of several nodes.
    outcome& result() noexcept { return results_[turn_ % 2]; }

private:
    struct alignas(128) line {
        shared_word arrived; // the last turn that this rank has reached
        call_note note;
        alignas(16) std::byte values[line_values_bytes];
    };
    static_assert(sizeof(line) == 128, "one pair of cache lines, fetched together");
    struct head {
        alignas(128) shared_word sleepers;
    };

    line& line_of(int node_rank) const noexcept {
        return lines_[2 * static_cast<std::size_t>(node_rank) + turn_ % 2];
    }
    std::byte* slot_of(int node_rank) const noexcept {
        return slots_ + (2 * static_cast<std::size_t>(node_rank) + turn_ % 2) * shown_bytes_;
    }
    void wait_for(int node_rank);
    void look_for_meetings();
    void complain(const watchdog& watch) const;
    std::optional<std::pair<int, int>> overlapping() const;

    team_core& team_;
    int ranks_;
    int rank_;
    bool by_flags_; // few ranks with a core each: every rank reads every line
    std::size_t shown_bytes_;
    head* head_;
    line* lines_;
    std::byte* slots_;
    outcome* results_; // two, behind the slots, in teams of several nodes
    std::uint32_t turn_ = 0;
};

/// Such as all_reduce.
const char* name_of(collective_call::name_type name);

/// What ranks that wait in such a call wait in.
occasion occasion_of(collective_call::name_type name);

/// Throws the error of a verdict, if it has one.
void throw_if_refused(const call_verdict& verdict);

/// A call in words, such as all_reduce(5 of int32, sum).
std::string to_string(const call_note& note);

} // namespace nodespan::detail
