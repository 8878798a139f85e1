#include "far.hpp"

#include "arena.hpp"
#include "ghosts.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "mpi_types.hpp"
#include "report.hpp"
#include "runs.hpp"
#include "team_core.hpp"
#include "transfer.hpp"

#include <algorithm>
#include <cstring>
#include <span>

// Transfers to other nodes leave no trace in their shadow. So each is noted where it is made, with
// the clocks that its rank had then; all notes travel with the fence, and the leader of the node
// that holds the elements compares them with the shadow and with each other, before any rank
// begins the next epoch.

namespace nodespan::detail::race {
namespace {

// More elements than these are not looked at in one fence.
constexpr std::size_t most_elements = std::size_t{1} << 26;

// How a rank's notes travel: this, its clocks, its entries, the clocks that they refer to; from
// leaders, the ghosts that have become stale.
struct message_head {
    std::uint64_t entries = 0, row_words = 0, stale = 0;
};

void append(std::vector<std::byte>& to, const void* from, std::size_t bytes) {
    const auto* const begin = static_cast<const std::byte*>(from);
    to.insert(to.end(), begin, begin + bytes);
}

std::vector<std::byte> message_of(const known_team& t, const clock_t* arrived) {
    stale_ghosts stale;
    if (t.has_ghosts && t.team->is_leader()) stale = outdated_ghosts(t);
    const message_head head{t.far->entries.size(), t.far->rows.size(), stale.size()};
    std::vector<std::byte> result;
    append(result, &head, sizeof head);
    append(result, arrived, this_process().heard.size() * sizeof(clock_t));
    append(result, t.far->entries.data(), head.entries * sizeof(far_entry));
    append(result, t.far->rows.data(), head.row_words * sizeof(clock_t));
    append(result, stale.data(), head.stale * sizeof(far_entry));
    return result;
}

// An entry of another node, with the clocks of its rank.
struct visitor {
    far_entry entry;
    std::vector<clock_t> clocks;
};

struct touched {
    std::size_t cell;
    std::uint32_t visitor;
};

bool conflict(way a, way b) {
    return a == way::writes || b == way::writes || a != b;
}

way way_of(const record& r) {
    return race::way_of(static_cast<op>(r.what));
}

template <class F>
void for_each_element(const box<dynamic_rank>& stored, const box<dynamic_rank>& part, F&& f) {
    const index_list extents = stored.extents();
    index_list at = part.lo;
    if (part.empty()) return;
    for (;;) {
        index_t cell = 0;
        for (std::size_t d = 0; d < at.size(); ++d) cell = cell * extents[d] + at[d] - stored.lo[d];
        f(static_cast<std::size_t>(cell));
        std::size_t d = at.size();
        while (d-- > 0) {
            if (++at[d] < part.hi[d]) break;
            at[d] = part.lo[d];
            if (d == 0) return;
        }
    }
}

class inspection {
public:
    inspection(known_team& t, std::vector<visitor> visitors)
        : team_(t),
          visitors_(std::move(visitors)) {}

    void run() {
        for (const region* const r : regions()) {
            if (r->of != &team_ || r->what.number == 0) continue;
            std::vector<touched> all;
            for (std::uint32_t i = 0; i < visitors_.size(); ++i) {
                const far_entry& e = visitors_[i].entry;
                if (e.array != r->what.number) continue;
                if (all.size() + static_cast<std::size_t>(e.elements.size()) > most_elements) {
                    team_.book->tell_full();
                    continue;
                }
                for_each_element(r->what.stored, e.elements, [&](std::size_t cell) {
                    all.push_back({cell, i});
                });
            }
            std::stable_sort(all.begin(), all.end(),
                             [](const touched& a, const touched& b) { return a.cell < b.cell; });
            for (std::size_t i = 0; i < all.size();) {
                std::size_t end = i + 1;
                while (end < all.size() && all[end].cell == all[i].cell) ++end;
                look_at(*r, std::span<const touched>(&all[i], end - i));
                i = end;
            }
        }
    }

private:
    side side_of(const visitor& v) const {
        const int node = team_.team->placement()->node_of(v.entry.rank);
        return {v.entry.rank, team_.team->ends().text(node), v.entry.access};
    }

    side side_of(record_id id) const {
        const int node = team_.team->node();
        return {team_.team->placement()->first_rank(node) + ledger::slot_of(id),
                team_.team->ends().text(node), team_.book->at(id)};
    }

    void look_at(const region& r, std::span<const touched> here) const {
        const cell c = r.cells[here.front().cell];
        for (std::size_t i = 0; i < here.size(); ++i) {
            const visitor& v = visitors_[here[i].visitor];
            const auto against = [&](record_id id) {
                if (id != 0 && conflict(way_of(v.entry.access), way_of(team_.book->at(id))) &&
                    !are_ordered(v, id))
                    report(r, here[i].cell, side_of(v), side_of(id));
            };
            against(c.write);
            team_.book->for_each_member(c.read, against);
            for (std::size_t k = 0; k < i; ++k) {
                const visitor& w = visitors_[here[k].visitor];
                if (conflict(way_of(v.entry.access), way_of(w.entry.access)) && !are_ordered(v, w))
                    report(r, here[i].cell, side_of(v), side_of(w));
            }
        }
    }

    static clock_t heard(const visitor& v, int process) {
        return v.clocks[static_cast<std::size_t>(process)];
    }

    static bool are_ordered(const visitor& a, const visitor& b) {
        return a.entry.process == b.entry.process ||
               heard(a, b.entry.process) >= b.entry.access.clock ||
               heard(b, a.entry.process) >= a.entry.access.clock;
    }

    // What is too long ago to be known counts as ordered.
    bool are_ordered(const visitor& v, record_id id) const {
        const int slot = ledger::slot_of(id);
        const clock_t when = team_.book->at(id).clock;
        if (heard(v, team_.book->process_of(slot)) >= when) return true;
        const clock_t* const clocks = team_.book->history(slot, when);
        return clocks == nullptr || clocks[v.entry.process] >= v.entry.access.clock;
    }

    known_team& team_;
    std::vector<visitor> visitors_;
};

struct far_lock {
    rma_window* window;
    int node;
    std::size_t offset;
    std::size_t row_stride;
};

const far_lock* find(const lock_gate* gate) {
    const auto& all = this_process().far_locks;
    const auto found = all.find(gate);
    return found == all.end() ? nullptr : static_cast<const far_lock*>(found->second.get());
}

std::vector<clock_t> row_at(const far_lock& lock, std::size_t number) {
    std::vector<clock_t> row(this_process().heard.size());
    const std::size_t bytes = row.size() * sizeof(clock_t);
    const mpi_elements all{MPI_BYTE, static_cast<int>(bytes)};
    lock.window->get(lock.node, lock.offset + number * lock.row_stride, bytes, all, row.data(),
                     all);
    lock.window->complete_local();
    return row;
}

} // namespace

std::shared_ptr<far_log> make_far_log(team_core&) {
    return std::make_shared<far_log>();
}

void note_far(known_team& t, const array_location& place, int node, const box<dynamic_rank>& part,
              const deed& how) {
    process_state& p = this_process();
    const std::scoped_lock turn(p.one_at_a_time);
    far_log& log = *t.far;
    const record mine = record_of(own_buffer().memory, *t.book, how);
    const std::size_t row = p.heard.size();
    const bool is_same_time =
        log.rows.size() >= row && std::equal(p.heard.begin(), p.heard.end(),
                                             log.rows.end() - static_cast<std::ptrdiff_t>(row));
    if (!is_same_time) log.rows.insert(log.rows.end(), p.heard.begin(), p.heard.end());
    const auto number = static_cast<std::uint32_t>(log.rows.size() / row - 1);
    const std::uint32_t exchanges = exchanges_of(t, place.where.number);
    if (!log.entries.empty() && part.lo.size() == 1) { // elements one after the other
        far_entry& last = log.entries.back();
        if (last.array == place.where.number && last.node == node && last.row == number &&
            last.exchanges == exchanges && last.access.what == mine.what &&
            last.access.offset == mine.offset && last.elements.hi[0] == part.lo[0]) {
            last.elements.hi = part.hi;
            return;
        }
    }
    log.entries.push_back(
        {place.where.number, node, t.team->rank(), p.self, number, exchanges, mine, part});
}

void exchange_far(known_team& t) {
    const mpi_turn call;
    process_state& p = this_process();
    team_core& team = *t.team;
    const std::vector<std::byte> mine =
        message_of(t, t.book->brought(t.book->slot(), t.meetings - 1));
    const auto ranks = static_cast<std::size_t>(team.placement()->size());
    std::vector<int> sizes(ranks), begins(ranks);
    const int size = static_cast<int>(mine.size());
    const occasion why{"fence"};
    const auto finish = [&](MPI_Request request) {
        team.wait({&request, 1}, why, [](std::size_t) { return -1; });
    };
    MPI_Request open = MPI_REQUEST_NULL;
    mpi_check(MPI_Iallgather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, team.traffic(), &open),
              "MPI_Iallgather");
    finish(open);
    std::size_t total = 0;
    for (std::size_t i = 0; i < ranks; ++i) {
        begins[i] = static_cast<int>(total);
        total += static_cast<std::size_t>(sizes[i]);
    }
    std::vector<std::byte> all(total);
    mpi_check(MPI_Iallgatherv(mine.data(), size, MPI_BYTE, all.data(), sizes.data(), begins.data(),
                              MPI_BYTE, team.traffic(), &open),
              "MPI_Iallgatherv");
    finish(open);
    std::vector<visitor> visitors;
    std::vector<far_entry> stale, writes; // that concern ghosts of this node
    for (std::size_t i = 0; i < ranks; ++i) {
        const std::byte* at = all.data() + begins[i];
        message_head head;
        std::memcpy(&head, at, sizeof head);
        at += sizeof head;
        std::vector<clock_t> row(p.heard.size());
        std::memcpy(row.data(), at, row.size() * sizeof(clock_t));
        hear(row.data());
        at += row.size() * sizeof(clock_t);
        const std::byte* const rows = at + head.entries * sizeof(far_entry);
        for (std::uint64_t k = 0; k < head.entries && team.is_leader(); ++k) {
            visitor v;
            std::memcpy(static_cast<void*>(&v.entry), at + k * sizeof(far_entry),
                        sizeof(far_entry));
            if (t.has_ghosts && way_of(v.entry.access) != way::reads) writes.push_back(v.entry);
            if (v.entry.node != team.node()) continue;
            v.clocks.resize(row.size());
            std::memcpy(v.clocks.data(), rows + v.entry.row * row.size() * sizeof(clock_t),
                        row.size() * sizeof(clock_t));
            visitors.push_back(std::move(v));
        }
        const std::byte* const told = rows + head.row_words * sizeof(clock_t);
        for (std::uint64_t k = 0; k < head.stale && team.is_leader(); ++k) {
            far_entry one;
            std::memcpy(static_cast<void*>(&one), told + k * sizeof(far_entry), sizeof one);
            if (one.node == team.node()) stale.push_back(one);
        }
    }
    t.far->entries.clear();
    t.far->rows.clear();
    if (!visitors.empty()) inspection(t, std::move(visitors)).run();
    mark_stale(t, stale, writes);
    team.meet_on_node();
}

inline namespace checked {

void knows_far_lock(const lock_gate* gate, const array_location& place, int node) {
    process_state& p = this_process();
    const std::scoped_lock turn(p.one_at_a_time);
    const shadow_place& shadow = p.shadows[place.where.data];
    p.far_locks[gate] = std::make_shared<far_lock>(
        far_lock{place.where.rma, node, place.where.offset + shadow.rows, shadow.row_bytes});
}

} // namespace checked

void hear_far_lock(const lock_gate* gate) {
    const far_lock* const lock = find(gate);
    if (lock == nullptr) return;
    hear(row_at(*lock, 0).data());
    hear(row_at(*lock, 1).data());
}

// The lock is held alone, so nobody else changes the row.
void tell_far_lock(const lock_gate* gate) {
    const far_lock* const lock = find(gate);
    if (lock == nullptr) return;
    process_state& p = this_process();
    std::vector<clock_t> row = row_at(*lock, 0);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = std::max(row[i], p.heard[i]);
    const std::size_t bytes = row.size() * sizeof(clock_t);
    const mpi_elements all{MPI_BYTE, static_cast<int>(bytes)};
    lock->window->put(lock->node, lock->offset, bytes, all, row.data(), all);
    lock->window->flush(lock->node);
}

} // namespace nodespan::detail::race
