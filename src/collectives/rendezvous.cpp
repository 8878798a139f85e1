#include "rendezvous.hpp"

#include "host_name.hpp"
#include "nodespan/detail/copy_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

// How the ranks of a node show each other what they bring to a collective call.
//
// Each rank has two lines, each with a note, a few values and the word `arrived`, and two slots for
// more values. In turn t a rank writes its note and values into line t modulo 2, and then stores t
// in `arrived` (release). Then it waits until `arrived` of every rank's line is t (acquire): so it
// sees what all of them wrote. With more than four ranks, or ranks that share cores, one meeting of
// the node_barrier takes the place of these words.
//
// Nothing is overwritten too early: a rank writes the same line again in turn t + 2, after it has
// met all ranks in turn t + 1; and a rank enters turn t + 1 only when it has read what it needs of
// turn t. So a turn needs one meeting, not two.
//
// Nobody waits for ever: a wait reads the flag of ranks that left by an exception, then its word
// once more, since a rank may show its note and then leave, and then throws errc::peer_lost. If a
// rank dies without unwinding, the watchdog says for whom the others wait. All ranks compare the
// same notes in the same way, so all refuse a call, or none.

namespace nodespan::detail {
namespace {

std::string name_of(element_kind kind, std::uint64_t element_bytes) {
    static constexpr const char* names[] = {
        "",        "int8",        "int16",           "int32",          "int64",
        "uint8",   "uint16",      "uint32",          "uint64",         "float32",
        "float64", "long double", "complex float32", "complex float64"};
    if (kind == element_kind::other) return fmt::format("{} bytes each", element_bytes);
    return names[static_cast<std::size_t>(kind)];
}

} // namespace

const char* name_of(collective_call::name_type name) {
    using enum collective_call::name_type;
    return name == all_reduce ? "all_reduce" : name == reduce ? "reduce" : "broadcast";
}

// Ranks compare their notes, so this is one kind.
occasion occasion_of(collective_call::name_type name) {
    return {{name_of(name), "values"}};
}

std::string to_string(const call_note& note) {
    std::string text = fmt::format("{}({} of {}", name_of(note.name), note.count,
                                   name_of(note.kind, note.element_bytes));
    using enum collective_call::name_type;
    if (note.name != broadcast) text += fmt::format(", {}", to_string(note.op));
    if (note.name != all_reduce) text += fmt::format(", root {}", note.root);
    return text + ")";
}

void call_verdict::join(const call_verdict& later) noexcept {
    if (what != finding::good) return;
    if (!later.note.agrees_with(note)) {
        what = finding::mismatch;
        other_note = later.note;
        other_rank = later.rank;
    } else if (later.what == finding::mismatch) {
        what = finding::mismatch;
        other_note = later.other_note;
        other_rank = later.other_rank;
    } else if (later.what == finding::overlap) {
        *this = later;
    }
}

void throw_if_refused(const call_verdict& verdict) {
    using enum call_verdict::finding;
    if (verdict.what == mismatch)
        throw error(errc::mismatched_arguments,
                    fmt::format("{} on rank {}, but {} on rank {}", to_string(verdict.note),
                                verdict.rank, to_string(verdict.other_note), verdict.other_rank),
                    true);
    if (verdict.what == overlap)
        throw error(errc::invalid_argument,
                    fmt::format("{}: the values of ranks {} and {} overlap in their shared memory",
                                to_string(verdict.note), verdict.rank, verdict.other_rank),
                    true);
}

std::size_t rendezvous::shown_bytes(int ranks) noexcept {
    constexpr std::size_t most = 16 * 1024, together = 128 * 1024, least = 512;
    return std::clamp(together / static_cast<std::size_t>(ranks) / 64 * 64, least, most);
}

std::size_t rendezvous::bytes(int ranks, std::size_t shown_bytes, bool over_nodes) noexcept {
    return sizeof(head) + static_cast<std::size_t>(ranks) * 2 * (sizeof(line) + shown_bytes) +
           (over_nodes ? 2 * sizeof(outcome) : 0);
}

rendezvous::rendezvous(team_core& team, std::byte* memory, std::size_t shown_bytes)
    : team_(team),
      ranks_(team.node_size()),
      rank_(team.node_rank()),
      by_flags_(ranks_ <= 4 && !team.is_oversubscribed()),
      shown_bytes_(shown_bytes),
      head_(reinterpret_cast<head*>(memory)),
      lines_(reinterpret_cast<line*>(memory + sizeof(head))),
      slots_(memory + sizeof(head) + sizeof(line) * 2 * static_cast<std::size_t>(ranks_)),
      results_(reinterpret_cast<outcome*>(memory + bytes(ranks_, shown_bytes, false))) {}

void rendezvous::show(const call_note& mine, const std::byte* values, bool with_values) {
    ++turn_;
    line& here = line_of(rank_);
    here.note = mine;
    if (with_values && mine.bytes() <= line_values_bytes)
        copy_bytes(here.values, values, mine.bytes());
    else if (with_values && fits(mine.bytes()))
        copy_bytes(slot_of(rank_), values, mine.bytes());
    if (ranks_ == 1) return;
    if (!by_flags_) {
        return team_.meet_on_node(occasion_of(mine.name));
    }
    store_and_wake(here.arrived, turn_, head_->sleepers);
    for (int peer = 0; peer < ranks_; ++peer) wait_for(peer);
}

// A rank may show its note and then leave: the word is read again after the loss is known.
void rendezvous::wait_for(int node_rank) {
    shared_word& word = line_of(node_rank).arrived;
    const auto ready = [goal = turn_](std::uint32_t turn) { return turn == goal; };
    watchdog watch;
    unsigned tries = 0;
    const patience how;
    wait_on(word, head_->sleepers, how, ready, [&] {
        if (watch.is_overdue()) complain(watch);
        if (is_time_to_look(++tries, how)) look_for_meetings();
        if (!team_.is_node_abandoned() || ready(word.load(std::memory_order_acquire))) return;
        team_.throw_if_mixed(occasion_of(note_of(rank_).name));
        throw error(errc::peer_lost,
                    fmt::format("{}: a rank of this node left by an exception and will not "
                                "come",
                                name_of(note_of(rank_).name)));
    });
}

// A rank that has come to a meeting without its note waits for this one there. The meeting is read
// first: if the note was shown before it, it is seen.
void rendezvous::look_for_meetings() {
    for (int peer = 0; peer < ranks_; ++peer)
        if (team_.is_in_next_meeting(peer) &&
            line_of(peer).arrived.load(std::memory_order_acquire) != turn_) {
            const std::string call = to_string(note_of(rank_));
            if (team_.is_anyone_lost()) // so that peer has left this call for the next one
                throw error(errc::peer_lost,
                            fmt::format("{}: a rank left by an exception and will not come",
                                        name_of(note_of(rank_).name)));
            team_.throw_mixed({{call.c_str(), "values"}}, peer);
        }
}

// Only the lowest of the ranks that wait prints the line.
void rendezvous::complain(const watchdog& watch) const {
    const int first = team_.rank() - rank_;
    std::vector<int> late;
    for (int peer = 0; peer < ranks_; ++peer) {
        const bool has_come = line_of(peer).arrived.load(std::memory_order_relaxed) == turn_;
        if (has_come && peer < rank_) return;
        if (!has_come) late.push_back(first + peer);
    }
    if (late.empty()) return;
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}",
                               to_string(note_of(rank_)), team_.rank(), watch.seconds(),
                               host_name(), team_.with_notes(late)));
}

const std::byte* rendezvous::values_of(int node_rank) const noexcept {
    const line& there = line_of(node_rank);
    return there.note.bytes() <= line_values_bytes ? there.values : slot_of(node_rank);
}

bool rendezvous::are_all_shared() const noexcept {
    for (int peer = 0; peer < ranks_; ++peer)
        if (!note_of(peer).is_shared()) return false;
    return true;
}

call_verdict rendezvous::compare() const {
    call_verdict result;
    const int first = team_.rank() - rank_;
    result.note = note_of(0);
    result.rank = first;
    for (int peer = 1; peer < ranks_; ++peer) {
        if (note_of(peer).agrees_with(result.note)) continue;
        result.what = call_verdict::finding::mismatch;
        result.other_note = note_of(peer);
        result.other_rank = first + peer;
        return result;
    }
    if (const auto pair = overlapping()) {
        result.what = call_verdict::finding::overlap;
        result.rank = first + pair->first;
        result.other_rank = first + pair->second;
    }
    return result;
}

// Two ranks whose values share memory, if there are any.
std::optional<std::pair<int, int>> rendezvous::overlapping() const {
    const auto meet = [&](int a, int b) {
        const call_note &x = note_of(a), &y = note_of(b);
        return x.is_shared() && y.is_shared() && x.location.window == y.location.window &&
               x.location.offset < y.location.offset + y.bytes() &&
               y.location.offset < x.location.offset + x.bytes();
    };
    if (ranks_ <= 4) {
        for (int a = 0; a < ranks_; ++a)
            for (int b = a + 1; b < ranks_; ++b)
                if (meet(a, b)) return std::pair(a, b);
        return std::nullopt;
    }
    std::vector<int> order(static_cast<std::size_t>(ranks_));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
        const auto &x = note_of(a).location, &y = note_of(b).location;
        return std::pair(x.window, x.offset) < std::pair(y.window, y.offset);
    });
    for (std::size_t i = 1; i < order.size(); ++i)
        if (meet(order[i - 1], order[i]))
            return std::minmax(order[i - 1], order[i], std::less<>()); // NOLINT: copied
    return std::nullopt;
}

} // namespace nodespan::detail
