#include "arena.hpp"

#include "agreement.hpp"
#include "arena_blocks.hpp"
#include "even_cut.hpp"
#include "mpi_check.hpp"
#include "osc_settings.hpp"
#include "pages.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <sys/mman.h>
#include <utility>

// Allocating and freeing at the same offsets everywhere.
//
// Every rank has its own records (`space`, `backed`, `dirty` of each window, `endings_`), in
// memory of its own. Their contents depend only on the sequence of calls. All ranks make and end
// arrays in the same order; so all records that must agree do agree, and a rank finds the block of
// a new block without asking.
//
// Freeing needs no communication. A rank that ends an array waits for its own transfers to the
// array (not while an exception unwinds), notes the ending in `endings_`, and changes its records.
// It no longer uses the block then, but other ranks may. Its bytes are used again only by an
// allocation. There each rank first waits for all that it still has under way; then a meeting of
// all ranks compares a hash of the endings. So by then every rank has freed the same blocks, and no
// transfer to the old array is under way. If the orders differ, the allocation fails on all ranks
// and names the difference.
//
// Pages are given back to the system by the last rank of the node that frees the block. The ranks
// count in the word `released` of the block's header, by an increment with acquire and release: the
// last one therefore comes after all accesses of the others. No rank touches these pages before the
// next allocation of all, whose meeting comes after the pages are gone; each rank already counts
// them as not backed.
//
// Nobody waits for a rank that has left: such a rank ends the team, whose memory is then leaked.
// Messages of ghosts that are under way when an array ends are kept (`left_`), and the next
// allocation waits for them.

namespace nodespan::detail {

std::vector<byte_range> even_part(std::size_t bytes, const team_core& team) {
    const auto share = static_cast<std::size_t>(team.node_size());
    const auto me = static_cast<std::size_t>(team.node_rank());
    return {{even_cut(bytes, me, share), even_cut(bytes, me + 1, share)}};
}

arena& arena::of(team_core& team) {
    if (!team.attached) team.attached = std::make_shared<arena>(team);
    return static_cast<arena&>(*team.attached);
}

arena::arena(team_core& team)
    : team_(team),
      directory_(backing_directory(team.shared_memory())),
      is_private_(team.node_size() == 1) {}

block arena::allocate(const std::optional<error>& refused, const block_request& request) {
    require_mpi("array");
    std::optional<block> placed;
    std::optional<error> problem = refused;
    std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
    std::shared_ptr<const std::string> text;
    std::vector<byte_range> mine;
    // Transfers to an array that has ended must not write into the next one.
    if (!problem)
        problem = attempt([this] {
            flush();
            finish_left();
        });
    if (!problem)
        problem = attempt([&] {
            text = std::make_shared<const std::string>(request.description);
            endings_.reserve(live_blocks_ + 1);
            windows_.reserve(windows_.size() + 1);
            placed = find_block(request);
            if (placed) mine = request.mine();
        });
    if (!problem) problem = check_capacity(request, placed, mine, most_bytes);
    try {
        agree_on_request(problem, request, placed, most_bytes);
    } catch (...) {
        if (placed) forget(*placed);
        throw;
    }
    endings_.agreed();
    if (end_unused_windows(!placed)) all_gave_back();
    if (!placed) placed = block_in_new_window(request, mine, most_bytes);
    problem = prepare(*placed, request, mine);
    const agreed_words ready = team_.agree({problem ? 1U : 0U}, creation_of(request.description));
    arena_window& w = windows_[placed->window];
    const byte_range pages = to_pages(elements_of(*placed));
    if (ready[0] != 0) {
        if (team_.is_leader() && !is_exposed())
            w.backed.for_each_gap(pages, [&](byte_range gap) { give_back(w, gap); });
        forget(*placed);
        throw_for_all(
            problem,
            creation_of(request.description)); // by then every rank has given its memory back
    }
    w.backed.add(pages);
    w.backed.add(to_pages(words_of(*placed)));
    w.dirty.remove(elements_of(*placed));
    live_bytes_ += placed->node_bytes;
    ++live_blocks_;
    placed->number = ++made_;
    placed->text = std::move(text);
    return *placed;
}

// Throws the error of one rank on all ranks, once all know that there is one.
void arena::throw_for_all(const std::optional<error>& mine, const occasion& why) {
    team_.agree_or_throw(mine, why);
    throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                "memory for an array: ranks could not agree", true);
}

// Finds room in a window, the same on all ranks; nothing if a new window is needed. On one node,
// large blocks first look for room whose pages are backed already, since new pages cost most of
// making an array. Over several nodes, each of which has its own record of what is backed,
// windows without any array come last: they can end.
std::optional<block> arena::find_block(const block_request& request) {
    if (is_exposed()) {
        for (const bool is_unused : {false, true})
            for (std::size_t i = 0; i < windows_.size(); ++i) {
                if (windows_[i].is_unused() != is_unused) continue;
                if (std::optional<block> found = place_in(i, request)) return found;
            }
        return std::nullopt;
    }
    if (reserve_for(request) >= large_block)
        for (std::size_t i = 0; i < windows_.size(); ++i)
            if (std::optional<block> found = place_in(i, request)) {
                bool is_backed = true;
                windows_[i].backed.for_each_gap(to_pages(elements_of(*found)),
                                                [&](byte_range) { is_backed = false; });
                if (is_backed) return found;
                forget(*found);
            }
    for (std::size_t i = 0; i < windows_.size(); ++i)
        if (std::optional<block> found = place_in(i, request)) return found;
    return std::nullopt;
}

std::optional<block> arena::place_in(std::size_t number, const block_request& request) {
    arena_window& w = windows_[number];
    block result;
    result.window = number;
    result.reserved_bytes = reserve_for(request);
    result.node_bytes = request.node_bytes;
    const std::size_t alignment = result.reserved_bytes < large_block ? cache_line : page_bytes();
    const auto header = w.space.allocate(block_words::bytes, block_words::alignment);
    if (!header) return std::nullopt;
    const auto offset = w.space.allocate(result.reserved_bytes, alignment);
    if (!offset) {
        w.space.free(*header, block_words::bytes);
        return std::nullopt;
    }
    ++w.blocks;
    result.header_offset = *header;
    result.offset = *offset;
    result.data = w.memory.data() + *offset;
    result.header = w.memory.data() + *header;
    result.rma = w.rma.get();
    return result;
}

void arena::forget(const block& placed) {
    arena_window& w = windows_[placed.window];
    --w.blocks;
    w.space.free(placed.offset, placed.reserved_bytes);
    w.space.free(placed.header_offset, block_words::bytes);
}

// Checks that there is memory for the pages that are not backed yet, or for a new window.
std::optional<error> arena::check_capacity(const block_request& request,
                                           const std::optional<block>& placed,
                                           const std::vector<byte_range>& mine,
                                           std::uint64_t& most_bytes) const {
    if (placed) return check_pages(request, *placed, mine);
    const std::size_t needed = window_for(request, next_window());
    const std::uint64_t given_back = backed_in_unused_windows();
    most_bytes = largest_window(site(), needed, given_back);
    if (is_exposed() && team_.is_leader() && may_register_memory())
        most_bytes = std::min(most_bytes, locked_capacity().free_bytes);
    return refuse_window(site(), needed, request.description, given_back);
}

// A leader checks the memory of its node, the others the cgroup to which their own part is charged.
std::optional<error> arena::check_pages(const block_request& request, const block& placed,
                                        const std::vector<byte_range>& mine) const {
    const interval_set& backed = windows_[placed.window].backed;
    std::uint64_t needed = 0;
    const auto count = [&](byte_range range) {
        backed.for_each_gap(to_pages(range), [&](byte_range gap) { needed += gap.bytes(); });
    };
    if (team_.is_leader()) {
        count(elements_of(placed));
        count(words_of(placed));
    } else {
        for (const byte_range& range : mine) count(shifted(range, placed.offset));
    }
    return refuse_pages(site(), needed, request.description);
}

// Returns only if all ranks have called with the same arguments, after ending the same arrays in
// the same order, and if all nodes have the memory. `most_bytes` becomes that of the rank with the
// least.
void arena::agree_on_request(const std::optional<error>& mine, const block_request& request,
                             const std::optional<block>& placed, std::uint64_t& most_bytes) {
    std::size_t seed = request.fingerprint;
    boost::hash_combine(seed, endings_.hash());
    if (placed) {
        boost::hash_combine(seed, placed->window);
        boost::hash_combine(seed, placed->offset);
    }
    most_bytes = team_.agree_on(mine, seed, request.description, most_bytes,
                                [this] { endings_.compare(team_); });
}

// Backs and clears this rank's part of a new block. The leader also clears the header.
std::optional<error> arena::prepare(const block& placed, const block_request& request,
                                    const std::vector<byte_range>& mine) {
    const arena_window& w = windows_[placed.window];
    int failure = team_.is_leader() ? w.back(words_of(placed)) : 0;
    for (const byte_range& range : mine)
        if (failure == 0) failure = w.back(shifted(range, placed.offset));
    if (failure != 0) return named(request.description, ran_out(mine));
    if (team_.is_leader()) std::memset(placed.header, 0, block_words::bytes);
    if (request.zeroed)
        for (const byte_range& range : mine) w.clear(shifted(range, placed.offset));
    return std::nullopt;
}

void arena::free(const block& given) noexcept try {
    if (!mpi_is_alive()) return; // the windows may no longer exist
    // Transfers under way must end before its bytes have another use. If that fails, the next fence
    // reports it; a thread that may not wait for them ends the team.
    if (given.rma != nullptr && given.rma->is_pending() && std::uncaught_exceptions() == 0) {
        if (team_.threads().admits_this_thread())
            static_cast<void>(attempt([&] { given.rma->flush(); }));
        else
            team_.abandon_without_mpi();
    }
    endings_.ended(given.number, *given.text);
    arena_window& w = windows_[given.window];
    live_bytes_ -= given.node_bytes;
    --live_blocks_;
    w.dirty.add(elements_of(given));
    w.dirty.add(words_of(given)); // the next block may have elements there
    const byte_range pages = to_pages(elements_of(given));
    const bool goes_back =
        given.reserved_bytes >= large_block && !is_exposed() && returnable_ && keeps_too_much();
    // The program may have sent from there with MPI, which then remembers the address. MPI notices
    // only if each rank removes its own mapping.
    if (goes_back) madvise(w.memory.data() + pages.begin, pages.bytes(), MADV_DONTNEED);
    const auto holders = static_cast<std::uint32_t>(team_.node_size());
    const bool is_last = reinterpret_cast<block_words*>(given.header)
                                 ->released.fetch_add(1, std::memory_order_acq_rel) +
                             1 ==
                         holders;
    if (goes_back) {
        // The last rank to free the block gives the pages back. All ranks know that the pages will
        // be gone, and zero, at their next meeting.
        if (is_last) give_back(w, pages);
        w.backed.remove(pages);
        w.dirty.remove(pages);
    }
    forget(given);
} catch (...) {
    // Out of memory for the records: the range stays taken.
}

std::optional<arena::window_location> arena::find(const void* begin,
                                                  std::size_t bytes) const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(begin);
    for (std::size_t i = 0; i < windows_.size(); ++i) {
        const auto base = reinterpret_cast<std::uintptr_t>(windows_[i].memory.data());
        const std::size_t length = windows_[i].memory.bytes();
        if (at >= base && at - base <= length && bytes <= length - (at - base))
            return window_location{static_cast<std::int64_t>(i), at - base};
    }
    return std::nullopt;
}

bool arena::keeps_too_much() const noexcept {
    std::size_t backed = 0;
    for (const arena_window& w : windows_) backed += w.backed.total();
    return backed > live_bytes_ + kept_bytes;
}

void arena::give_back(const arena_window& from, byte_range pages) const noexcept {
    madvise(from.memory.data() + pages.begin, pages.bytes(),
            is_private_ ? MADV_DONTNEED : MADV_REMOVE); // can_give_back has tested that this works
}

void arena::flush() {
    for (arena_window& w : windows_)
        if (w.rma && w.rma->is_pending()) w.rma->flush();
}

// Waits for ghost messages of arrays that have ended. All ranks have started that exchange, or
// will, since an array ends on all ranks.
void arena::finish_left() {
    for (; !left_.empty(); left_.pop_front()) {
        unfinished& first = left_.front();
        if (first.is_started)
            team_.wait(first.requests, {"exchange_ghosts of an array that has ended"},
                       [&](std::size_t i) { return first.peers[i]; });
        first.is_started = false;
    }
}

void arena::release() noexcept {
    if (attempt([this] { finish_left(); })) return; // MPI may still write to the windows
    for (arena_window& w : windows_)
        if (w.is_there()) w.free();
    windows_.clear();
}

} // namespace nodespan::detail
