#include "race_hooks.hpp"

#include "arena.hpp"
#include "far.hpp"
#include "ghosts.hpp"
#include "process.hpp"
#include "report.hpp"
#include "runs.hpp"
#include "team_core.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

// What the library's sources tell, and what is made of it.

namespace nodespan::detail::race {

inline namespace checked {

namespace {

constexpr std::size_t line = 64;

std::size_t rounded(std::size_t bytes) {
    return (bytes + line - 1) / line * line;
}

std::size_t row_bytes() {
    return rounded(static_cast<std::size_t>(this_process().processes()) * sizeof(clock_t));
}

void know_processes() {
    process_state& p = this_process();
    if (!p.heard.empty()) return;
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &p.self);
    p.heard.resize(static_cast<std::size_t>(size));
    p.heard[static_cast<std::size_t>(p.self)] = 1;
}

// Between the call that asks for room and the one that uses it.
thread_local shadow_place asked_for;

// The calling thread's turn to synchronise: all accesses before it have been looked at.
class turn {
public:
    turn() : lock_(this_process().one_at_a_time) { settle_all(); }

private:
    std::unique_lock<std::mutex> lock_;
};

clock_t* row_of(const void* word) {
    process_state& p = this_process();
    const auto at = reinterpret_cast<std::uintptr_t>(word);
    auto found = p.words.upper_bound(at);
    if (found == p.words.begin()) return nullptr;
    --found;
    const sync_region& r = found->second;
    if (at >= r.end) return nullptr;
    return r.rows + (at - r.begin) / r.stride * (row_bytes() / sizeof(clock_t));
}

void merge_into(clock_t* row) {
    process_state& p = this_process();
    for (std::size_t i = 0; i < p.heard.size(); ++i) {
        std::atomic_ref<clock_t> there(row[i]);
        clock_t now = there.load();
        while (now < p.heard[i] && !there.compare_exchange_weak(now, p.heard[i])) {}
    }
}

void forget(const known_team* t) {
    if (t == nullptr) return;
    remove_regions(nullptr, t);
    std::erase_if(this_process().teams, [&](const auto& one) { return one.get() == t; });
}

// Empties the shadow of a team's arrays, each rank its part, so that records can be named anew.
void clear_shadow(known_team& t) {
    t.team->meet_on_node(); // all have read that it is wanted
    const auto share = static_cast<std::size_t>(t.book->ranks());
    const auto me = static_cast<std::size_t>(t.book->slot());
    for (const region* const r : regions()) {
        if (r->of != &t) continue;
        const std::size_t chunks = shadow::chunks_of(r->cells.size());
        r->cells.clear(chunks * me / share, chunks * (me + 1) / share);
    }
    if (me == 0) t.book->clear_sets();
    t.book->cleared();
    t.team->meet_on_node();
}

// All ranks have met: what each must know of the others, before any goes on.
void tell_all(known_team& t) {
    if (t.far) {
        exchange_far(t);
    } else if (t.has_ghosts) {
        if (t.team->is_leader()) mark_stale(t, outdated_ghosts(t), {});
        t.team->meet_on_node();
    }
    t.marked_at = t.floor;
}

} // namespace

std::size_t room(int ranks) {
    know_processes();
    if (ranks > most_ranks) {
        std::fprintf(stderr,
                     "nodespan: the race checker takes up to %d ranks on a node, and here "
                     "are %d: docs/races.md\n",
                     most_ranks, ranks);
        std::abort();
    }
    return ledger::bytes(ranks, this_process().processes());
}

void team_begins(team_core& team, std::byte* memory) {
    process_state& p = this_process();
    auto t = std::make_unique<known_team>();
    t->team = &team;
    t->book =
        std::make_unique<ledger>(memory, team.node_rank(), team.node_size(), p.processes(), p.self);
    t->floor.resize(p.heard.size());
    if (team.placement()->nodes() > 1) t->far = make_far_log(team);
    const turn mine;
    forget(find(team)); // one that was abandoned, in the same place
    p.teams.push_back(std::move(t));
    move_clock(because::told);
}

void team_ends(team_core& team) noexcept {
    const turn mine;
    known_team* const t = find(team);
    if (t == nullptr) return;
    count_pairs(*t);
    forget(t);
}

meeting::meeting(team_core& team, reach whose)
    : team_(team),
      whose_(whose),
      exceptions_(std::uncaught_exceptions()) {
    if (own_buffer().inside > 0) return;
    const turn mine;
    process_state& p = this_process();
    known_team* const t = find(team_);
    if (t == nullptr) return;
    std::copy(p.heard.begin(), p.heard.end(), t->book->brought(t->book->slot(), t->meetings));
    t->book->ask_to_clear(t->meetings);
    move_clock(because::told);
}

meeting::~meeting() {
    if (own_buffer().inside > 0 || std::uncaught_exceptions() > exceptions_) return;
    known_team* t = nullptr;
    bool is_full = false;
    {
        const turn mine;
        t = find(team_);
        if (t == nullptr) return;
        for (int s = 0; s < t->book->ranks(); ++s) {
            const clock_t* const row = t->book->brought(s, t->meetings);
            hear(row);
            for (std::size_t i = 0; i < t->floor.size(); ++i)
                t->floor[i] = std::max(t->floor[i], row[i]);
        }
        is_full = t->book->is_clearing_asked(t->meetings);
        ++t->meetings;
        if (whose_ != reach::node) tell_all(*t);
        move_clock(because::hears);
        if (whose_ == reach::fence) ++t->epoch;
    }
    if (is_full) clear_shadow(*t);
}

void makes(team_core& team, block_request& request, const box<dynamic_rank>& stored,
           std::size_t element_bytes, std::size_t sync_words) {
    const auto elements = static_cast<std::size_t>(stored.lo.size() == 0 ? 0 : stored.size());
    const std::size_t bytes = request.node_bytes;
    const std::size_t most = std::max(request.reserved_bytes, bytes);
    const std::size_t most_elements = element_bytes > 0 ? most / element_bytes + 1 : 0;
    asked_for.rows = rounded(most);
    asked_for.row_bytes = row_bytes();
    asked_for.chunks = asked_for.rows + sync_words * row_bytes();
    asked_for.cells = asked_for.chunks + rounded(shadow::chunks_of(most_elements) * sizeof(cell));
    request.reserved_bytes = asked_for.cells + most_elements * sizeof(cell);
    request.node_bytes = asked_for.cells + elements * sizeof(cell);
    request.zeroed = true;
    request.mine = [elements_of = request.mine, bytes, more = request.node_bytes - bytes, &team] {
        std::vector<byte_range> result = elements_of();
        for (const byte_range& part : even_part(more, team))
            if (part.end > part.begin) result.push_back({bytes + part.begin, bytes + part.end});
        return result;
    };
}

void made(team_core& team, std::byte* data, const watched& what) {
    const turn mine;
    this_process().shadows[data] = asked_for;
    known_team* const t = find(team);
    if (t == nullptr) return;
    ++t->epoch;
    if (what.element_bytes == 0 || what.stored.empty()) return;
    const auto bytes = static_cast<std::size_t>(what.stored.size()) * what.element_bytes;
    auto r = std::make_unique<region>();
    r->begin = reinterpret_cast<std::uintptr_t>(what.data);
    r->end = r->begin + bytes;
    r->element_bytes = what.element_bytes;
    if (std::has_single_bit(what.element_bytes)) r->shift = std::countr_zero(what.element_bytes);
    r->cells = shadow(reinterpret_cast<cell*>(data + asked_for.chunks),
                      reinterpret_cast<cell*>(data + asked_for.cells), r->cell_of(r->end - 1) + 1);
    r->block = data;
    r->of = t;
    r->what = what;
    add_region(std::move(r));
}

void has_words(const std::byte* data, const void* begin, std::size_t count, std::size_t stride,
               std::size_t first) {
    const turn mine;
    const auto at = reinterpret_cast<std::uintptr_t>(begin);
    auto* const rows = const_cast<std::byte*>(data) + asked_for.rows + first * row_bytes();
    this_process().words[at] = {at, at + count * stride, stride, reinterpret_cast<clock_t*>(rows),
                                data};
}

void ends(const std::byte* data) noexcept {
    const turn mine;
    process_state& p = this_process();
    remove_regions(data, nullptr);
    std::erase_if(p.words, [&](const auto& one) { return one.second.block == data; });
    p.shadows.erase(data);
}

void locked(const void* words, const lock_gate* gate, bool is_shared) {
    const turn mine;
    if (words == nullptr) {
        hear_far_lock(gate);
    } else if (const clock_t* const row = row_of(words)) {
        hear(row);
        if (!is_shared) hear(row + row_bytes() / sizeof(clock_t));
    }
    move_clock(because::hears);
}

void unlocks(const void* words, const lock_gate* gate, bool is_shared) {
    const turn mine;
    if (words == nullptr) {
        tell_far_lock(gate);
    } else if (clock_t* const row = row_of(words)) {
        merge_into(is_shared ? row + row_bytes() / sizeof(clock_t) : row);
    }
    move_clock(because::told);
}

void releases(const void* word, bool is_alone) {
    const turn mine;
    process_state& p = this_process();
    clock_t* const row = row_of(word);
    if (row == nullptr) return;
    if (is_alone)
        std::copy(p.heard.begin(), p.heard.end(), row);
    else
        merge_into(row);
    move_clock(because::told);
}

void acquired(const void* word) {
    const turn mine;
    const clock_t* const row = row_of(word);
    if (row == nullptr) return;
    hear(row);
    move_clock(because::hears);
}

inside::inside() noexcept {
    ++own_buffer().inside;
}
inside::~inside() {
    --own_buffer().inside;
}

void copies(const void* to, const void* from, std::size_t bytes, const void* where) {
    reads(from, bytes, where);
    writes(to, bytes, where);
}

void reads(const void* from, std::size_t bytes, const void* where) {
    if (own_buffer().inside != 0) return;
    touch_now(reinterpret_cast<std::uintptr_t>(from), bytes,
              {reinterpret_cast<std::uintptr_t>(where), op::copy_from});
}

void takes_part(const void* values, std::size_t bytes, bool changes, const void* where) {
    touch_now(reinterpret_cast<std::uintptr_t>(values), bytes,
              {reinterpret_cast<std::uintptr_t>(where),
               changes ? op::collective_write : op::collective_read});
}

void writes(const void* to, std::size_t bytes, const void* where) {
    if (own_buffer().inside != 0) return;
    touch_now(reinterpret_cast<std::uintptr_t>(to), bytes,
              {reinterpret_cast<std::uintptr_t>(where), op::copy_to});
}

} // namespace checked

} // namespace nodespan::detail::race
