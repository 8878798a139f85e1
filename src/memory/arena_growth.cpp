#include "arena.hpp"

#include "agreement.hpp"
#include "arena_blocks.hpp"
#include "mpi_check.hpp"
#include "osc_settings.hpp"
#include "pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <sys/mman.h>
#include <utility>

// New windows of the arena, and the end of those that nobody uses.

namespace nodespan::detail {
namespace {

constexpr occasion new_window{"creation of a window"};

} // namespace

std::size_t arena::next_window() const noexcept {
    std::size_t number = 0;
    while (number < windows_.size() && windows_[number].is_there()) ++number;
    return number;
}

std::uint64_t arena::backed_in_unused_windows() const noexcept {
    std::uint64_t result = 0;
    if (is_exposed())
        for (const arena_window& w : windows_)
            if (w.is_unused()) result += w.backed.total();
    return result;
}

// Ends unused windows that other nodes can reach, which gives all their memory back. All nodes see
// the same sizes, but not the same backed pages.
bool arena::end_unused_windows(bool needs_room) noexcept {
    if (!is_exposed()) return false;
    std::size_t unused_bytes = 0;
    for (const arena_window& w : windows_)
        if (w.is_unused()) unused_bytes += w.memory.bytes();
    if (unused_bytes == 0 || (!needs_room && unused_bytes <= kept_bytes)) return false;
    const blocking_watch watch("end of a window", team_.as_waiter(), "other ranks of the team");
    for (arena_window& w : windows_) {
        if (!w.is_unused()) continue;
        w.free();
        w = arena_window{};
    }
    return true;
}

// MPI_Win_free may return on one rank while others still have the pages: a rank that then looked at
// the free memory would not count them. So all ranks meet. Collective.
void arena::all_gave_back() {
    const agreed_words all = team_.agree({0}, new_window);
    if (all[0] != 0) throw_for_all(std::nullopt, new_window);
}

// The memory is mapped, cleared and backed by the ranks that will use it before other nodes can
// reach it: whoever registers it then finds pages that do not change any more.
block arena::block_in_new_window(const block_request& request, std::vector<byte_range>& mine,
                                 std::uint64_t most_bytes) {
    const std::size_t number = next_window();
    bool is_whole = false;
    if (is_exposed()) {
        const agreed_words all = team_.agree({0, may_register_memory() ? 1U : 0U}, new_window);
        if (all[0] != 0) throw_for_all(std::nullopt, new_window);
        is_whole = all[1] != 0;
    }
    std::size_t total = 0;
    for (const arena_window& w : windows_) total += w.memory.bytes();
    const std::size_t bytes =
        window_bytes(window_for(request, number), total, most_bytes, is_whole);
    if (number == windows_.size()) windows_.emplace_back();
    arena_window& fresh = windows_[number];
    try {
        fresh.memory = shared_window::make(team_.makers(), team_.node_comm(), site(), bytes);
        if (!can_give_back(fresh)) fresh.dirty.add({0, bytes});
        fresh.space = range_allocator(bytes);
        if (const std::size_t unused = stagger(number); unused != 0)
            static_cast<void>(fresh.space.allocate(unused, page_bytes()));
        block placed = place_in(number, request).value();
        back_new_window(placed, mine, attempt([&] { mine = request.mine(); }), is_whole);
        if (is_exposed())
            fresh.rma = rma_window::make(team_.makers(), team_.comm(), *team_.placement(), site(),
                                         fresh.memory.data(), bytes, is_whole);
        placed.rma = fresh.rma.get();
        return placed;
    } catch (const error& failure) {
        if (failure.is_collective()) fresh.free(); // all ranks are here
        fresh = arena_window{};
        if (failure.is_collective()) all_gave_back();
        throw named(request.description, failure);
    }
}

// Tried on a whole new window. A node of one rank has ordinary memory, which need not be zero;
// after this call it is.
bool arena::can_give_back(arena_window& fresh) {
    bool can = true;
    if (is_private_)
        can = madvise(fresh.memory.data(), fresh.memory.bytes(), MADV_DONTNEED) == 0;
    else if (team_.is_leader() && !is_exposed())
        can = madvise(fresh.memory.data(), fresh.memory.bytes(), MADV_REMOVE) == 0;
    if (is_exposed()) return can;
    const agreed_words all =
        team_.agree({0, can ? 0U : 1U}, new_window); // before any rank backs pages
    if (all[1] != 0) returnable_ = false;
    return all[1] == 0;
}

void arena::back_new_window(const block& placed, const std::vector<byte_range>& mine,
                            std::optional<error> problem, bool is_whole) {
    arena_window& w = windows_[placed.window];
    int failure = 0;
    for (const byte_range& range : mine)
        if (failure == 0) failure = w.back(shifted(range, placed.offset));
    if (failure == 0 && !problem && is_whole)
        failure = w.back_the_rest(elements_of(placed), team_.node_rank(), team_.node_size());
    if (failure != 0) problem = ran_out(mine);
    const agreed_words ready = team_.agree({problem ? 1U : 0U}, new_window);
    if (ready[0] != 0) throw_for_all(problem, new_window);
    w.backed.add(is_whole ? byte_range{0, w.memory.bytes()} : to_pages(elements_of(placed)));
}

error arena::ran_out(const std::vector<byte_range>& mine) const {
    std::uint64_t bytes = 0;
    for (const byte_range& range : mine) bytes += range.bytes();
    const capacity room = tightest_capacity(bytes, !is_private_, directory_);
    return {errc::no_capacity,
            fmt::format("{} bytes of shared memory needed by rank {}, which ran out while it was "
                        "reserved; {} bytes free of {} in {}; {}",
                        bytes, team_.rank(), room.free_bytes, room.limit_bytes, room.limiter,
                        room.advice)};
}

} // namespace nodespan::detail
