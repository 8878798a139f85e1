#include "cells.hpp"

#include "ghosts.hpp"
#include "report.hpp"
#include "sites.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

// FastTrack (Flanagan, Freund 2009), across processes.
//
// Each rank has a clock, which moves whenever the rank lets others know what it has done, and
// remembers how far it has heard from each other rank. An access of another rank came before mine
// if I have heard from that rank up to the clock of the access; otherwise nothing orders the two.
// Of an element it is enough to know the last write, and the reads and atomic changes since: what
// came before them came before everything that is to come, or was reported.
//
// The accesses of one stretch of a rank may be looked at together, and in any order: as long as
// the rank neither tells nor hears anything, none of them changes what orders the others. So it
// does so where the stretch ends, and whichever of two ranks looks later finds the access of the
// other. Cells change under the lock of their chunk.

namespace nodespan::detail::race {
namespace {

constexpr std::size_t chunk_cells = shadow::chunk_cells;

record_id site_record(memory_of_thread& mine, ledger& book, const deed& how) {
    process_state& p = this_process();
    const std::uintptr_t where = mine.called_from != 0 ? mine.called_from : how.where;
    const std::size_t at = (where ^ where >> 9 ^ static_cast<std::size_t>(how.what)) % 256;
    memory_of_thread::known_site& known = mine.sites[at];
    const clock_t now = p.now();
    if (known.where == where && known.edition == book.edition() && known.clock == now &&
        known.what == static_cast<std::uint16_t>(how.what) && book.is_now(known.id))
        return known.id;
    const code_place place = place_in_file(where);
    const std::scoped_lock turn(p.books);
    const record_id id =
        book.add({now, static_cast<std::uint16_t>(how.what), place.file, place.offset});
    known = {where, book.edition(), now, static_cast<std::uint16_t>(how.what), id};
    return id;
}

// One look at cells: who looks, and what it found out on the way.
class look {
public:
    look(memory_of_thread& mine, const region& r, record_id id, const deed& how)
        : mine_(mine),
          region_(r),
          book_(*r.of->book),
          id_(id),
          how_(how),
          way_(way_of(how.what)) {}
    ~look() { release(); }
    look(const look&) = delete;            // for one scope
    look& operator=(const look&) = delete; // for one scope

    void at(std::size_t first, std::size_t last) {
        while (first < last) {
            const std::size_t chunk = first / chunk_cells;
            const std::size_t end = std::min((chunk + 1) * chunk_cells, region_.cells.size());
            const std::size_t stop = std::min(last, end);
            hold(chunk);
            at_chunk(chunk, first, stop, first % chunk_cells == 0 && stop == end);
            first = stop;
        }
    }

    // Accesses to cells of which each is so many bytes behind the one before.
    void at_steps(std::uintptr_t begin, std::ptrdiff_t stride, std::size_t count,
                  std::size_t bytes) {
        for (std::size_t i = 0; i < count;) {
            const std::size_t chunk = region_.cell_of(begin) / chunk_cells;
            hold(chunk);
            cell* const cells = region_.cells.split(chunk);
            for (; i < count; ++i, begin += static_cast<std::uintptr_t>(stride)) {
                const std::size_t first = region_.cell_of(begin);
                if (first / chunk_cells != chunk) break;
                const std::size_t last = region_.cell_of(begin + bytes - 1);
                for (std::size_t k = first; k <= last; ++k) one(cells[k], k);
            }
        }
    }

    // Outside of the locks, since others would wait.
    void tell() {
        release();
        for (const finding& f : findings_) report(region_, f.at, id_, f.other, how_.where);
    }

private:
    struct finding {
        std::size_t at;
        record_id other;
    };

    // The lock of a chunk, which the next cells mostly are in as well.
    void hold(std::size_t chunk) {
        if (held_ != nullptr && chunk == chunk_) return;
        release();
        held_ = &region_.lock_of(chunk);
        chunk_ = chunk;
        held_->lock();
    }
    void release() {
        if (held_ != nullptr) held_->unlock();
        held_ = nullptr;
    }

    void one(cell& c, std::size_t at) {
        if (way_ == way::reads)
            read(c, at);
        else if (way_ == way::writes)
            write(c, at);
        else
            change(c, at);
    }

    // Looks at cells of a chunk, or at the one that stands for all of it.
    void at_chunk(std::size_t chunk, std::size_t first, std::size_t stop, bool is_whole) {
        const shadow& all = region_.cells;
        if (cell* const alike = all.alike(chunk)) {
            cell after = *alike;
            one(after, first);
            if (after == *alike) return;
            if (is_whole) return all.make_alike(chunk, after);
            return fill(all.split(chunk), first, stop, after);
        }
        cell* const cells = all.split(chunk);
        const std::size_t begin = first;
        bool are_alike = is_whole;
        while (first < stop) {
            const std::size_t next = next_other(cells, first, stop);
            are_alike = are_alike && cells[first] == cells[begin];
            first = next;
        }
        if (are_alike) all.make_alike(chunk, cells[begin]);
    }

    // Looks at a cell, and at those behind it that were the same: so are they then. Returns the
    // first one that was not.
    std::size_t next_other(cell* cells, std::size_t first, std::size_t stop) {
        const cell before = cells[first];
        one(cells[first], first);
        const cell after = cells[first];
        const std::size_t end = first_unlike(cells, first + 1, stop, before);
        if (before != after) fill(cells, first + 1, end, after);
        return end;
    }

    void read(cell& c, std::size_t at) {
        if (book_.is_now(c.write)) return; // what conflicts with the read conflicts with the write
        if (c.write != good_write_) check_write(at, c.write);
        if (c.read != before_) {
            check_members(at, c.read, way::changes_atomically);
            before_ = c.read;
            after_ = sum(c.read);
        }
        if (before_ != after_) c.read = after_;
    }

    void write(cell& c, std::size_t at) {
        if (c.read == 0 && book_.is_now(c.write)) return;
        if (c.write != good_write_) check_write(at, c.write);
        if (c.read != 0 && c.read != good_read_) {
            check_members(at, c.read, way::writes);
            good_read_ = c.read;
        }
        c = {id_, 0};
    }

    void change(cell& c, std::size_t at) {
        if (c.write != good_write_) check_write(at, c.write);
        if (c.read != before_) {
            check_members(at, c.read, way::reads);
            before_ = c.read;
            after_ = sum(c.read);
        }
        c.read = after_;
    }

    bool is_before_me(record_id other) const {
        const int slot = ledger::slot_of(other);
        if (slot == book_.slot()) return true;
        const auto process = static_cast<std::size_t>(book_.process_of(slot));
        return this_process().heard[process] >= book_.at(other).clock;
    }

    void check_write(std::size_t at, record_id other) {
        good_write_ = other;
        if (other == 0) return;
        if (is_stale_mark(book_.at(other)) ? way_ == way::reads : !is_before_me(other))
            findings_.push_back({at, other});
    }

    // A write conflicts with all members, an access of another kind with those of that kind.
    void check_members(std::size_t at, record_id set, way conflicting) {
        book_.for_each_member(set, [&](record_id other) {
            const way theirs = way_of(static_cast<op>(book_.at(other).what));
            if ((conflicting == way::writes || theirs == conflicting) && !is_before_me(other))
                findings_.push_back({at, other});
        });
    }

    // The members of `before` that something to come may still conflict with, and this access.
    record_id sum(record_id before) {
        if (before == 0) return id_;
        memory_of_thread::known_sum& known = mine_.sums[(before ^ id_ * 31) % 256];
        if (known.before == before && known.mine == id_ && known.edition == book_.edition())
            return known.after;
        std::vector<record_id> ids;
        bool has_mine = false;
        book_.for_each_member(before, [&](record_id other) {
            const record& r = book_.at(other);
            const bool same_way = way_of(static_cast<op>(r.what)) == way_;
            if (same_way && book_.is_now(other)) has_mine = true;
            if (same_way && !book_.is_now(other) && is_before_me(other)) return;
            const auto process = static_cast<std::size_t>(book_.process_of(ledger::slot_of(other)));
            if (r.clock <= region_.of->floor[process]) return;
            ids.push_back(other);
        });
        if (!has_mine) ids.push_back(id_);
        std::sort(ids.begin(), ids.end());
        const record_id after = book_.set_of(ids);
        if (after == 0) {
            book_.tell_full();
            return id_;
        }
        known = {before, id_, after, book_.edition()};
        return after;
    }

    memory_of_thread& mine_;
    const region& region_;
    ledger& book_;
    record_id id_;
    const deed& how_;
    way way_;
    spin_lock* held_ = nullptr;
    std::size_t chunk_ = 0; // whose lock that is
    record_id good_write_ = 0, good_read_ = 0, before_ = 0, after_ = id_;
    std::vector<finding> findings_;
};

// Calls f(region, its record, first cell, last cell) for what is watched of [begin, end).
template <class F>
void for_each_part(std::uintptr_t begin, std::uintptr_t end, F&& f) {
    while (begin < end) {
        const region* const r = region_at(begin);
        if (r == nullptr) {
            const region_table& all = regions();
            const auto next = std::upper_bound(
                all.begin(), all.end(), begin,
                [](std::uintptr_t value, const region* other) { return value < other->begin; });
            if (next == all.end() || (*next)->begin >= end) return;
            begin = (*next)->begin;
            continue;
        }
        const std::uintptr_t stop = std::min(end, r->end);
        f(*r, r->cell_of(begin), r->cell_of(stop - 1) + 1);
        begin = stop;
    }
}

} // namespace

way way_of(op what) noexcept {
    switch (what) {
    case op::read:
    case op::copy_from:
    case op::get:
    case op::gather:
    case op::get_async:
    case op::ghost_sent:
    case op::collective_read:
    case op::intent_read:
        return way::reads;
    case op::atomic:
    case op::accumulate:
    case op::scatter_add:
    case op::fetch_add:
    case op::compare_exchange:
        return way::changes_atomically;
    default:
        return way::writes;
    }
}

record record_of(memory_of_thread& mine, ledger& book, const deed& how) {
    const record_id id = site_record(mine, book, how);
    return id == 0 ? record{} : book.at(id);
}

void touch(memory_of_thread& mine, std::uintptr_t begin, std::uintptr_t end, const deed& how) {
    for_each_part(begin, end, [&](const region& r, std::size_t first, std::size_t last) {
        const record_id id = site_record(mine, *r.of->book, how);
        if (id == 0) return r.of->book->tell_full();
        look one(mine, r, id, how);
        one.at(first, last);
        one.tell();
    });
}

// Whether no access of a stride lies in two chunks: each is within an element, or has whole ones.
static bool stays_in_chunks(const region& r, std::uintptr_t begin, std::ptrdiff_t stride,
                            std::size_t bytes) {
    const std::size_t unit = std::max(r.element_bytes, bytes);
    const std::size_t step = static_cast<std::size_t>(stride < 0 ? -stride : stride);
    if (unit % r.element_bytes != 0 || step % unit != 0) return false;
    if (bytes > r.element_bytes && chunk_cells % (bytes / r.element_bytes) != 0) return false;
    return (begin - r.begin) % unit + bytes <= unit;
}

// One row of single accesses.
static void touch_row(memory_of_thread& mine, std::uintptr_t begin, std::ptrdiff_t stride,
                      std::size_t count, std::size_t bytes, const deed& how) {
    const std::uintptr_t last = begin + (count - 1) * static_cast<std::uintptr_t>(stride);
    const region* const r = region_at(std::min(begin, last));
    if (r == nullptr || std::max(begin, last) + bytes > r->end ||
        !stays_in_chunks(*r, begin, stride, bytes)) {
        for (std::size_t i = 0; i < count; ++i)
            touch(mine, begin + i * static_cast<std::size_t>(stride),
                  begin + i * static_cast<std::size_t>(stride) + bytes, how);
        return;
    }
    const record_id id = site_record(mine, *r->of->book, how);
    if (id == 0) return r->of->book->tell_full();
    look all(mine, *r, id, how);
    all.at_steps(begin, stride, count, bytes);
    all.tell();
}

// Rows without gaps inside.
static void touch_block(memory_of_thread& mine, const strided_rows& all, const deed& how) {
    const auto length = static_cast<std::uintptr_t>(all.length);
    const auto step = static_cast<std::uintptr_t>(all.step);
    const std::uintptr_t last = all.begin + (all.rows - 1) * step;
    const region* const r = region_at(std::min(all.begin, last));
    if (r == nullptr || std::max(all.begin, last) + length > r->end) {
        for (std::size_t i = 0; i < all.rows; ++i)
            touch(mine, all.begin + i * step, all.begin + i * step + length, how);
        return;
    }
    const record_id id = site_record(mine, *r->of->book, how);
    if (id == 0) return r->of->book->tell_full();
    look rows(mine, *r, id, how);
    for (std::size_t i = 0; i < all.rows; ++i) {
        const std::uintptr_t begin = all.begin + i * step;
        rows.at(r->cell_of(begin), r->cell_of(begin + length - 1) + 1);
    }
    rows.tell();
}

void touch_rows(memory_of_thread& mine, strided_rows all, const deed& how) {
    if (all.length == 0 || all.rows == 0) return;
    const auto bytes = static_cast<std::ptrdiff_t>(all.bytes);
    const auto count = static_cast<std::size_t>(all.length / all.stride);
    if (all.rows > 1 && all.step == bytes && all.stride != bytes) { // columns, one beside the other
        all = {all.begin,  bytes, static_cast<std::ptrdiff_t>(all.rows) * bytes,
               all.stride, count, all.bytes};
    }
    if (all.stride != bytes) {
        for (std::size_t i = 0; i < all.rows; ++i)
            touch_row(mine, all.begin + i * static_cast<std::uintptr_t>(all.step), all.stride,
                      static_cast<std::size_t>(all.length / all.stride), all.bytes, how);
        return;
    }
    if (all.step == all.length) {
        all.length *= static_cast<std::ptrdiff_t>(all.rows);
        all.rows = 1;
    }
    touch_block(mine, all, how);
}

} // namespace nodespan::detail::race
