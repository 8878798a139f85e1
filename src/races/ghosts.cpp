#include "ghosts.hpp"

#include "cells.hpp"
#include "process.hpp"
#include "team_core.hpp"
#include "transfer.hpp"

#include <algorithm>
#include <mutex>

// A ghost is stale when its element has been written, a fence has told so, and no exchange came in
// between. What is written in the epoch of the read is no matter: the ghost is a copy, and still
// that of before. So each fence finds the elements that were written in the epoch that it ends, and
// marks their copies: the mark stands in the place of the ghost's last write. The exchange takes it
// away, and so does a rank that computes the ghost itself, as its owner does.

namespace nodespan::detail::race {
namespace {

class row_walk {
public:
    explicit row_walk(const box<dynamic_rank>& part) : part_(part), at_(part.lo) {}

    // Calls f(indices of the first element of a row, elements of a row).
    template <class F>
    void each(F&& f) {
        if (part_.empty()) return;
        const std::size_t last = at_.size() - 1;
        const index_t length = part_.hi[last] - part_.lo[last];
        for (;;) {
            f(at_, length);
            std::size_t d = last;
            for (;;) {
                if (d-- == 0) return;
                if (++at_[d] < part_.hi[d]) break;
                at_[d] = part_.lo[d];
            }
        }
    }

private:
    box<dynamic_rank> part_;
    index_list at_;
};

std::size_t cell_at(const region& r, const index_list& at) {
    const index_list extents = r.what.stored.extents();
    index_t cell = 0;
    for (std::size_t d = 0; d < at.size(); ++d)
        cell = cell * extents[d] + at[d] - r.what.stored.lo[d];
    return static_cast<std::size_t>(cell);
}

// f(the cell as it is) is the cell that shall be there.
template <class F>
void change(const region& r, std::size_t at, F&& f) {
    const std::size_t chunk = at / shadow::chunk_cells;
    const std::scoped_lock turn(r.lock_of(chunk));
    const cell before = r.cells[at], after = f(before);
    if (before != after) r.cells.split(chunk)[at] = after;
}

box<dynamic_rank> row_box(index_list at, index_t begin, index_t end) {
    const std::size_t last = at.size() - 1;
    const index_t first = at[last];
    at[last] = first + begin;
    box<dynamic_rank> result{at, at};
    for (std::size_t d = 0; d < at.size(); ++d) ++result.hi[d];
    result.hi[last] = first + end;
    return result;
}

box<dynamic_rank> moved(box<dynamic_rank> part, const ghost_piece& piece) {
    for (std::size_t d = 0; d < part.lo.size(); ++d) {
        const index_t shift = piece.ghost.lo[d] - piece.source.lo[d];
        part.lo[d] += shift;
        part.hi[d] += shift;
    }
    return part;
}

// Whether a record of this node is later than the last meeting of all and the last exchange.
bool is_new(const known_team& t, const ghost_watch& ghosts, record_id id) {
    const record& r = t.book->at(id);
    if (is_stale_mark(r) || r.what == static_cast<std::uint16_t>(op::ghost_brought)) return false;
    const auto process = static_cast<std::size_t>(t.book->process_of(ledger::slot_of(id)));
    const auto at = [&](const std::vector<clock_t>& clocks) {
        return clocks.empty() ? 0 : clocks[process];
    };
    return r.clock > at(t.marked_at) && r.clock > at(ghosts.fresh_at);
}

// The last change of an element; 0 if there is no new one.
record_id new_change(const known_team& t, const ghost_watch& ghosts, const cell& c) {
    if (c.write != 0 && is_new(t, ghosts, c.write)) return c.write;
    record_id found = 0;
    t.book->for_each_member(c.read, [&](record_id id) {
        if (way_of(static_cast<op>(t.book->at(id).what)) == way::changes_atomically &&
            is_new(t, ghosts, id))
            found = id;
    });
    return found;
}

far_entry entry_of(const known_team& t, const region& r, int to, record_id id,
                   const box<dynamic_rank>& ghost) {
    far_entry result;
    result.array = r.what.number;
    result.node = to;
    result.rank = t.team->placement()->first_rank(t.team->node()) + ledger::slot_of(id);
    result.access = t.book->at(id);
    result.elements = ghost;
    return result;
}

record_id mark_of(known_team& t, const far_entry& writer) {
    ghost_marks& marks = *t.marks;
    if (marks.edition != t.book->edition()) {
        marks.ids.clear();
        marks.edition = t.book->edition();
    }
    const record& w = writer.access;
    const auto rank = static_cast<std::uint32_t>(writer.rank);
    record_id& id = marks.ids[{rank, w.what, w.module, w.offset}];
    if (id == 0) {
        const std::scoped_lock turn(this_process().books);
        id = t.book->add(
            {rank, static_cast<std::uint16_t>(w.what | stale_flag), w.module, w.offset});
    }
    if (id == 0) t.book->tell_full();
    return id;
}

void mark(known_team& t, const region& r, const box<dynamic_rank>& ghost, const far_entry& writer) {
    if (ghost.empty()) return;
    const record_id id = mark_of(t, writer);
    if (id == 0) return;
    row_walk(ghost).each([&](const index_list& at, index_t length) {
        const std::size_t first = cell_at(r, at);
        for (std::size_t i = first; i < first + static_cast<std::size_t>(length); ++i)
            // What this node wrote there itself is as new as the element.
            change(r, i, [&](const cell& now) {
                return new_change(t, *r.ghosts, now) == 0 ? cell{id, 0} : now;
            });
    });
}

const region* region_of(const known_team& t, std::uint64_t array) noexcept {
    for (const region* const r : regions())
        if (r->of == &t && r->what.number == array) return r;
    return nullptr;
}

} // namespace

stale_ghosts outdated_ghosts(const known_team& t) {
    stale_ghosts result;
    for (const region* const r : regions()) {
        if (r->of != &t || !r->ghosts) continue;
        for (const ghost_piece& piece : r->ghosts->sends)
            row_walk(piece.source).each([&](const index_list& at, index_t length) {
                const std::size_t row = cell_at(*r, at);
                const auto change_at = [&](index_t i) {
                    return new_change(t, *r->ghosts, r->cells[row + static_cast<std::size_t>(i)]);
                };
                for (index_t i = 0; i < length;) {
                    const record_id id = change_at(i);
                    index_t end = i + 1;
                    while (end < length && change_at(end) == id) ++end;
                    if (id != 0)
                        result.push_back(
                            entry_of(t, *r, piece.node, id, moved(row_box(at, i, end), piece)));
                    i = end;
                }
            });
    }
    return result;
}

void mark_stale(known_team& t, const stale_ghosts& told, const std::vector<far_entry>& writes) {
    for (const far_entry& one : told) {
        const region* const r = region_of(t, one.array);
        if (r != nullptr && r->ghosts) mark(t, *r, one.elements, one);
    }
    for (const far_entry& one : writes) {
        const region* const r = region_of(t, one.array);
        if (r == nullptr || !r->ghosts || one.exchanges != r->ghosts->exchanges) continue;
        for (const ghost_piece& piece : r->ghosts->receives)
            mark(t, *r, moved(one.elements.intersection(piece.source), piece), one);
    }
}

std::uint32_t exchanges_of(const known_team& t, std::uint64_t array) noexcept {
    const region* const r = region_of(t, array);
    return r == nullptr || !r->ghosts ? 0 : r->ghosts->exchanges;
}

inline namespace checked {

void has_ghosts(const array_location& place) {
    const std::scoped_lock turn(this_process().one_at_a_time);
    known_team* const t = find(*place.team);
    if (t == nullptr) return;
    const region* const r = region_of(*t, place.where.number);
    if (r == nullptr) return;
    const int here = place.team->node();
    r->ghosts =
        std::make_shared<ghost_watch>(ghost_watch{ghost_sends(*place.cut, place.ghosts, here),
                                                  ghost_receives(*place.cut, place.ghosts, here),
                                                  place.cut->extents(),
                                                  {},
                                                  0});
    t->has_ghosts = true;
    if (!t->marks) t->marks = std::make_shared<ghost_marks>();
}

void brings_ghosts(const array_location& place) {
    const std::scoped_lock turn(this_process().one_at_a_time);
    known_team* const t = find(*place.team);
    const region* const r = t == nullptr ? nullptr : region_of(*t, place.where.number);
    if (r == nullptr || !r->ghosts) return;
    for (const ghost_piece& piece : r->ghosts->receives)
        row_walk(piece.ghost).each([&](const index_list& at, index_t length) {
            const std::size_t row = cell_at(*r, at);
            for (std::size_t i = row; i < row + static_cast<std::size_t>(length); ++i)
                change(*r, i, [&](const cell& now) {
                    const bool is_stale = now.write != 0 && is_stale_mark(t->book->at(now.write));
                    return is_stale ? cell{0, now.read} : now;
                });
        });
}

void ghosts_are_new(const array_location& place) {
    const std::scoped_lock turn(this_process().one_at_a_time);
    known_team* const t = find(*place.team);
    const region* const r = t == nullptr ? nullptr : region_of(*t, place.where.number);
    if (r == nullptr || !r->ghosts) return;
    r->ghosts->fresh_at = t->floor;
    ++r->ghosts->exchanges;
}

} // namespace checked

} // namespace nodespan::detail::race
