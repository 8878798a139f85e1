#include "arena.hpp"

#include "agreement.hpp"
#include "capacity.hpp"
#include "mpi_check.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <limits>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14; older kernels answer EINVAL
#endif

namespace nodespan::detail {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t cache_line = 64;
constexpr std::size_t large_block = 64 * 1024;      // from here on blocks are whole pages
constexpr std::size_t first_window = 64 * mebibyte; // later ones double what there is
constexpr std::size_t largest_growth = 4096 * mebibyte;
constexpr std::size_t kept_bytes = 64 * mebibyte; // freed memory kept for the next array

std::size_t round_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

// What must be free for a window of so many bytes: Open MPI adds a header, and refuses, in a way
// that hangs the other ranks, unless 5 % more than it asks for is free.
constexpr std::size_t window_header = 128 * 1024;
std::uint64_t room_for_window(std::uint64_t bytes) {
    return bytes + bytes / 16 + window_header;
}
std::uint64_t window_in_room(std::uint64_t free_bytes) {
    return free_bytes < window_header ? 0 : (free_bytes - window_header) / 17 * 16;
}

byte_range to_pages(byte_range range) {
    return {range.begin / page_bytes() * page_bytes(), round_up(range.end, page_bytes())};
}

byte_range shifted(byte_range range, std::size_t by) {
    return {range.begin + by, range.end + by};
}

byte_range elements_of(const block& b) {
    return {b.offset, b.offset + b.node_bytes};
}
byte_range header_of(const block& b) {
    return {b.header_offset, b.header_offset + sizeof(block_header)};
}

std::size_t reserve_for(const block_request& request) {
    const std::size_t bytes = std::max(request.reserved_bytes, cache_line);
    return round_up(bytes, bytes < large_block ? cache_line : page_bytes());
}

// What window number `count` leaves unused at its begin, so that blocks of several windows do not
// lie powers of two apart: with 64 or 128 MiB and up to 8 KiB between two arrays, a loop from one
// to the other takes up to a fifth longer (seen on an EPYC); with 64 KiB more it does not.
std::size_t stagger(std::size_t count) {
    return count % 8 * 17 * page_bytes();
}

// What a new window beside `count` others must have for a block.
std::size_t window_for(const block_request& request, std::size_t count) {
    return stagger(count) + page_bytes() + reserve_for(request);
}

// Old kernels: touch every page without changing what others may have written there already.
void touch_pages(std::byte* begin, const std::byte* end) {
    for (; begin < end; begin += page_bytes())
        __atomic_fetch_or(reinterpret_cast<unsigned char*>(begin), 0, __ATOMIC_RELAXED);
}

} // namespace

int back_pages(std::byte* begin, std::byte* end) noexcept {
    while (madvise(begin, static_cast<std::size_t>(end - begin), MADV_POPULATE_WRITE) != 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        if (errno != EINVAL) return errno;
        touch_pages(begin, end);
        return 0;
    }
    return 0;
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
    std::uint64_t free_bytes = std::numeric_limits<std::uint64_t>::max();
    // What is still under way to an array that has ended must not arrive in the next one.
    if (!problem) problem = attempt([this] { flush(); });
    if (!problem) {
        placed = place(request);
        problem = check_capacity(request, placed, free_bytes);
    }
    try {
        agree_on_request(problem, request, placed, free_bytes);
    } catch (...) {
        if (placed) forget(*placed);
        throw;
    }
    if (!placed) {
        try {
            add_window(window_for(request, windows_.size()), free_bytes);
        } catch (const error& failure) { // the same on all ranks
            throw named(request.description, failure);
        }
        placed = place(request);
    }
    problem = prepare(*placed, request);
    const agreed_words ready = team_.agree({problem ? 1U : 0U}, creation_of(request.description));
    window& w = windows_[placed->window];
    const byte_range pages = to_pages(elements_of(*placed));
    if (ready[0] != 0) {
        if (team_.is_leader())
            w.backed.for_each_gap(pages, [&](byte_range gap) { give_back(w, gap); });
        forget(*placed);
        // And everybody's memory has been given back.
        team_.agree_or_throw(problem, creation_of(request.description));
        throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                    request.description + ": ranks could not agree", true);
    }
    w.backed.add(pages);
    w.backed.add(to_pages(header_of(*placed)));
    w.dirty.remove(elements_of(*placed));
    live_bytes_ += placed->node_bytes;
    return *placed;
}

// Finds room in a window, the same on all ranks; nothing if a new window is needed. Large blocks
// first look for room whose pages are backed already, since new pages cost most of making an array:
// not over several nodes, each of which has its own books of what is backed.
std::optional<block> arena::place(const block_request& request) {
    if (reserve_for(request) >= large_block && team_.ranks()->nodes() == 1)
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
    window& w = windows_[number];
    block result;
    result.window = number;
    result.reserved_bytes = reserve_for(request);
    result.node_bytes = request.node_bytes;
    const std::size_t alignment = result.reserved_bytes < large_block ? cache_line : page_bytes();
    const auto header = w.space.allocate(sizeof(block_header), alignof(block_header));
    if (!header) return std::nullopt;
    const auto offset = w.space.allocate(result.reserved_bytes, alignment);
    if (!offset) {
        w.space.free(*header, sizeof(block_header));
        return std::nullopt;
    }
    result.header_offset = *header;
    result.offset = *offset;
    result.data = w.memory.data() + *offset;
    result.header = reinterpret_cast<block_header*>(w.memory.data() + *header);
    result.rma = w.rma.get();
    return result;
}

void arena::forget(const block& placed) {
    range_allocator& space = windows_[placed.window].space;
    space.free(placed.offset, placed.reserved_bytes);
    space.free(placed.header_offset, sizeof(block_header));
}

// Leaders look for their node: is there memory for the pages that are not backed yet?
std::optional<error> arena::check_capacity(const block_request& request,
                                           const std::optional<block>& placed,
                                           std::uint64_t& free_bytes) const {
    if (!team_.is_leader()) return std::nullopt;
    std::uint64_t needed = 0;
    if (placed) {
        const interval_set& backed = windows_[placed->window].backed;
        const auto count = [&](byte_range gap) { needed += gap.bytes(); };
        backed.for_each_gap(to_pages(elements_of(*placed)), count);
        backed.for_each_gap(to_pages(header_of(*placed)), count);
        if (needed == 0) return std::nullopt;
    } else {
        needed = room_for_window(window_for(request, windows_.size()));
    }
    const capacity room = tightest_capacity(needed, !is_private_, directory_);
    free_bytes = room.free_bytes;
    if (needed <= room.free_bytes) return std::nullopt;
    return error(errc::no_capacity,
                 fmt::format("{}: {} bytes of shared memory needed on node {}, {} bytes free of {} "
                             "in {}; {}",
                             request.description, needed, team_.node(), room.free_bytes,
                             room.limit_bytes, room.limiter, room.advice));
}

// Nobody goes on unless all ranks came, with the same arguments, to nodes that have the memory.
// `free_bytes` becomes that of the node with the least.
void arena::agree_on_request(const std::optional<error>& mine, const block_request& request,
                             const std::optional<block>& placed, std::uint64_t& free_bytes) {
    std::size_t seed = request.fingerprint;
    if (placed) {
        boost::hash_combine(seed, placed->window);
        boost::hash_combine(seed, placed->offset);
    }
    free_bytes = team_.agree_on(mine, seed, request.description, free_bytes);
}

void arena::add_window(std::size_t needed_bytes, std::uint64_t free_bytes) {
    std::size_t total = 0;
    for (const window& w : windows_) total += w.memory.bytes();
    std::size_t bytes = std::clamp(total, first_window, largest_growth);
    bytes = std::min<std::uint64_t>(bytes, window_in_room(free_bytes));
    bytes = round_up(std::max(bytes / page_bytes() * page_bytes(), needed_bytes), page_bytes());

    shared_window memory;
    const occasion why{"creation of a window"};
    team_.agree_or_throw(attempt([&] {
                             const blocking_watch watch("creation of a window", team_.as_waiter(),
                                                        "other ranks of its node");
                             memory = shared_window(team_.node_comm(), team_.is_leader(), bytes);
                         }),
                         why);
    std::unique_ptr<rma_window> rma = expose(memory);
    // Can pages be given back? Asked of the whole window, of which nothing is used yet. Memory of
    // a one-rank node comes from malloc and need not be zero; after this it is.
    window fresh{std::move(memory), std::move(rma), range_allocator(bytes), {}, {}};
    if (const std::size_t unused = stagger(windows_.size()); unused != 0)
        static_cast<void>(fresh.space.allocate(unused, page_bytes()));
    const int advice = is_private_ ? MADV_DONTNEED : MADV_REMOVE;
    const bool refused = madvise(fresh.memory.data(), bytes, advice) != 0;
    const agreed_words all = team_.agree({0, refused ? 1U : 0U}, {"creation of a window"});
    if (all[1] != 0) {
        returnable_ = false;
        fresh.dirty.add({0, bytes});
    }
    windows_.push_back(std::move(fresh));
}

// Opens a window of memory to other nodes; nothing where there are none.
std::unique_ptr<rma_window> arena::expose(shared_window& memory) {
    std::unique_ptr<rma_window> rma;
    if (team_.ranks()->nodes() == 1) return rma;
    const std::optional<error> mine = attempt([&] {
        const blocking_watch watch("creation of a window", team_.as_waiter(),
                                   "other ranks of the team");
        rma = std::make_unique<rma_window>(team_.comm(), *team_.ranks(), team_.is_leader(),
                                           memory.data(), memory.bytes());
        rma->know(team_.as_waiter());
    });
    try {
        team_.agree_or_throw(mine, {"creation of a window"});
    } catch (const error& failure) {
        if (failure.is_collective()) memory.free(); // all ranks are here
        throw;
    }
    return rma;
}

// Backs and clears this rank's part of a new block; the leader sees to the header.
std::optional<error> arena::prepare(const block& placed, const block_request& request) {
    window& w = windows_[placed.window];
    int failure = 0;
    const auto back = [&](byte_range range) {
        w.backed.for_each_gap(to_pages(range), [&](byte_range gap) {
            if (failure == 0)
                failure = back_pages(w.memory.data() + gap.begin, w.memory.data() + gap.end);
        });
    };
    if (team_.is_leader()) back(header_of(placed));
    for (const byte_range& range : request.mine) back(shifted(range, placed.offset));
    if (failure != 0) {
        std::uint64_t bytes = 0;
        for (const byte_range& range : request.mine) bytes += range.bytes();
        const capacity room = tightest_capacity(bytes, !is_private_, directory_);
        return error(errc::no_capacity,
                     fmt::format("{}: {} bytes of shared memory needed by rank {}, which ran out "
                                 "while it was reserved; {} bytes free of {} in {}; {}",
                                 request.description, bytes, team_.rank(), room.free_bytes,
                                 room.limit_bytes, room.limiter, room.advice));
    }
    if (team_.is_leader()) std::memset(static_cast<void*>(placed.header), 0, sizeof(block_header));
    if (request.zeroed)
        for (const byte_range& range : request.mine)
            w.dirty.for_each_in(shifted(range, placed.offset), [&](byte_range part) {
                std::memset(w.memory.data() + part.begin, 0, part.bytes());
            });
    return std::nullopt;
}

void arena::free(const block& given) noexcept try {
    if (!mpi_is_alive()) return; // the windows may be gone
    // What is under way must not arrive when the place has another use. Where that fails, the next
    // fence says so; on a thread that may not wait for it, the team has ended.
    if (given.rma != nullptr && given.rma->is_pending() && std::uncaught_exceptions() == 0) {
        if (team_.threads().admits_this_thread())
            static_cast<void>(attempt([&] { given.rma->flush(); }));
        else
            team_.abandon_without_mpi();
    }
    window& w = windows_[given.window];
    const auto holders = static_cast<std::uint32_t>(team_.node_size());
    const bool is_last =
        given.header->released.fetch_add(1, std::memory_order_acq_rel) + 1 == holders;
    live_bytes_ -= given.node_bytes;
    w.dirty.add(elements_of(given));
    w.dirty.add(header_of(given)); // elements may lie there next
    if (given.reserved_bytes >= large_block && returnable_ && keeps_too_much()) {
        // The last rank to let go gives the pages back; all ranks know they will be gone, and
        // zero, by the time they meet again.
        const byte_range pages = to_pages(elements_of(given));
        if (is_last) give_back(w, pages);
        w.backed.remove(pages);
        w.dirty.remove(pages);
    }
    forget(given);
} catch (...) {
    // Out of memory for the books: the range stays taken.
}

std::optional<arena::place_in_windows> arena::find(const void* begin,
                                                   std::size_t bytes) const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(begin);
    for (std::size_t i = 0; i < windows_.size(); ++i) {
        const auto base = reinterpret_cast<std::uintptr_t>(windows_[i].memory.data());
        const std::size_t length = windows_[i].memory.bytes();
        if (at >= base && at - base <= length && bytes <= length - (at - base))
            return place_in_windows{static_cast<std::int64_t>(i), at - base};
    }
    return std::nullopt;
}

bool arena::keeps_too_much() const noexcept {
    std::size_t backed = 0;
    for (const window& w : windows_) backed += w.backed.total();
    return backed > live_bytes_ + kept_bytes;
}

void arena::give_back(const window& from, byte_range pages) const noexcept {
    madvise(from.memory.data() + pages.begin, pages.bytes(),
            is_private_ ? MADV_DONTNEED : MADV_REMOVE); // add_window has seen that it works
}

void arena::flush() {
    for (window& w : windows_)
        if (w.rma && w.rma->is_pending()) w.rma->flush();
}

void arena::release() noexcept {
    for (window& w : windows_) {
        if (w.rma) w.rma->free();
        w.memory.free();
    }
    windows_.clear();
}

} // namespace nodespan::detail
