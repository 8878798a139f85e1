#include "slice_exchange.hpp"

#include "host_name.hpp"
#include "interval_set.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

// How the ranks of a node combine values that lie in their own memory.
//
// Values go in chunks, and each chunk is cut into slices of whole cache lines, one a rank, which
// that rank combines. Of each chunk a rank first brings the slices of others, that is, copies them
// into a box of its own; its own slice stays at home. When all others have brought the chunk, it
// combines its slice in rank order. When another rank has combined its slice, it takes the result
// home. For two or three ranks of which only one wants the result, that one combines all: so it
// brings nothing and takes nothing.
//
// Slices of rank 0 are combined at home, if it wants them, and copied to its box; those of another
// rank are combined in the box of rank 0, where its values, the first ones, lie already. So all
// results of a chunk lie in the box of rank 0.
//
// A broadcast is the same with nothing to combine: the root brings, the others take from its box.
//
// The words. Rank r counts in `brought`, `combined` and `taken` the chunks with which it is through
// with these steps. Only r writes them (release), after what they announce; who reads them with
// acquire sees it. They count all chunks of all calls, so no call begins with a meeting, and a rank
// leaves when it has its own result. Every rank counts a step in which it has nothing to do.
//
// Nothing is overwritten too early. Chunk c of a rank lies in its box c modulo `boxes`, and it
// brings c when all ranks have taken c - boxes. A rank has taken a chunk when it has combined its
// slice, for which it reads all boxes, and has read all results. A rank that combines c in the box
// of rank 0 does so after rank 0 has brought c.
//
// Order of work. A rank takes what it can take, else combines, else brings: so it goes ahead as far
// as boxes allow while others have lost their core. If nothing can be done, it waits for what its
// first unfinished chunk lacks. The rank whose first unfinished chunk is the lowest of all never
// waits for one that waits: so there is always one that works.
//
// Nobody waits for ever. A rank that has left by an exception may have done its part of the call
// before, and then those that wait for others get what they need. So a wait goes on for 100 ms
// after the loss is known, and then throws errc::peer_lost. If a rank dies without unwinding, the
// watchdog says for whom the others wait.

namespace nodespan::detail {
namespace {

constexpr std::uint32_t boxes = 4; // of each rank: so many chunks are under way at most

// All boxes of two ranks fit into the second cache beside the values that are worked on.
constexpr std::size_t box_bytes = 64 * 1024;

// Shorter chunks and slices do not pay for the words.
constexpr std::size_t least_chunk_bytes = 16 * 1024, least_slice_bytes = 4 * 1024;

// A piece that is combined before it is copied on, while it is still in the first cache.
constexpr std::size_t block_bytes = 8 * 1024;

// Up to so many ranks a root that alone wants the result combines everything itself.
constexpr int most_for_root_alone = 3;

constexpr std::size_t line_bytes = 64;

std::size_t whole_lines(std::size_t bytes) {
    return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

} // namespace

// One call, on this rank.
struct slice_exchange::course {
    std::byte* home = nullptr; // this rank's values
    std::size_t bytes = 0;
    std::size_t chunk_bytes = 0;
    std::size_t element_bytes = 0;
    run_kernel kernel = nullptr;    // null for a broadcast
    std::optional<int> single = {}; // the only rank that combines, or the root of a broadcast
    bool takes = false;             // this rank wants the result
    std::uint32_t first = 0;        // the number of chunk 0
    std::uint32_t brought = 0, combined = 0, taken = 0; // chunks of this call
    occasion why;

    std::uint32_t chunks() const {
        return static_cast<std::uint32_t>((bytes + chunk_bytes - 1) / chunk_bytes);
    }
    std::byte* begin(std::size_t chunk) const { return home + chunk * chunk_bytes; }
    std::size_t length(std::size_t chunk) const {
        return std::min(chunk_bytes, bytes - chunk * chunk_bytes);
    }

    // The slice of a rank, as bytes from the begin of the chunk.
    byte_range slice(std::size_t chunk, int rank, int ranks) const {
        const std::size_t all = length(chunk);
        if (single) return rank == *single ? byte_range{0, all} : byte_range{0, 0};
        const auto edge = [&](int k) {
            const std::size_t lines = whole_lines(all) / line_bytes;
            return std::min(all, lines * static_cast<std::size_t>(k) /
                                     static_cast<std::size_t>(ranks) * line_bytes);
        };
        return {edge(rank), edge(rank + 1)};
    }
};

std::size_t slice_exchange::bytes(int ranks) noexcept {
    return static_cast<std::size_t>(ranks) * (sizeof(counters) + boxes * box_bytes);
}

slice_exchange::slice_exchange(team_core& team, std::byte* memory)
    : team_(team),
      ranks_(team.node_size()),
      rank_(team.node_rank()),
      patience_(team.is_oversubscribed() ? patience::oversubscribed() : patience{}),
      counters_(reinterpret_cast<counters*>(memory)),
      boxes_(memory + sizeof(counters) * static_cast<std::size_t>(team.node_size())) {
    for (auto& words : seen_) words.resize(static_cast<std::size_t>(ranks_));
}

slice_exchange::counter& slice_exchange::counter_of(step what, int node_rank) const noexcept {
    counters& of_rank = counters_[node_rank];
    return what == step::brought    ? of_rank.brought
           : what == step::combined ? of_rank.combined
                                    : of_rank.taken;
}

std::byte* slice_exchange::box(int node_rank, std::uint32_t number) const noexcept {
    return boxes_ + (static_cast<std::size_t>(node_rank) * boxes + number % boxes) * box_bytes;
}

void slice_exchange::say(step what, std::uint32_t chunks) noexcept {
    counter& mine = counter_of(what, rank_);
    store_and_wake(mine.chunks, chunks, mine.sleepers);
}

void slice_exchange::reduce(const collective_call& mine, run_kernel kernel, const occasion& why) {
    course call;
    call.home = mine.values;
    call.bytes = mine.count * mine.element_bytes;
    call.element_bytes = mine.element_bytes;
    call.kernel = kernel;
    call.takes = mine.name == collective_call::name_type::all_reduce || mine.root == rank_;
    if (mine.name == collective_call::name_type::reduce && ranks_ <= most_for_root_alone)
        call.single = mine.root;
    call.why = why;
    run(call);
}

void slice_exchange::broadcast(const collective_call& mine, const occasion& why) {
    course call;
    call.home = mine.values;
    call.bytes = mine.count * mine.element_bytes;
    call.single = mine.root;
    call.takes = mine.root != rank_;
    call.why = why;
    run(call);
}

// A call that is short is still cut into some chunks, so that ranks work at the same time.
void slice_exchange::run(course& mine) {
    const std::size_t least = std::clamp(static_cast<std::size_t>(ranks_) * least_slice_bytes,
                                         least_chunk_bytes, box_bytes);
    mine.chunk_bytes = std::clamp(whole_lines(mine.bytes / boxes), least, box_bytes);
    mine.first = next_;
    next_ += mine.chunks();
    forget_long_ago(mine.first);
    while (mine.taken < mine.chunks())
        if (!advance(mine)) wait_for_next(mine);
}

// What was seen half a round of the numbers ago would seem to lie ahead.
void slice_exchange::forget_long_ago(std::uint32_t now) {
    constexpr std::uint32_t long_ago = std::uint32_t{1} << 30;
    for (auto& words : seen_)
        for (std::uint32_t& seen : words)
            if (static_cast<std::int32_t>(now - seen) > static_cast<std::int32_t>(long_ago))
                seen = now - long_ago;
}

// Does one step of one chunk. Returns whether there was one that others let this rank do.
bool slice_exchange::advance(course& mine) {
    if (mine.taken < mine.combined && missing(step::combined, mine, mine.taken) < 0) {
        take(mine, mine.taken);
        say(step::taken, mine.first + ++mine.taken);
    } else if (mine.combined < mine.brought && missing(step::brought, mine, mine.combined) < 0) {
        combine(mine, mine.combined);
        say(step::combined, mine.first + ++mine.combined);
    } else if (mine.brought < mine.chunks() && missing(step::taken, mine, mine.brought) < 0) {
        bring(mine, mine.brought);
        say(step::brought, mine.first + ++mine.brought);
    } else {
        return false;
    }
    return true;
}

void slice_exchange::wait_for_next(const course& mine) {
    const auto [what, chunk] = mine.taken < mine.combined ? std::pair(step::combined, mine.taken)
                               : mine.combined < mine.brought
                                   ? std::pair(step::brought, mine.combined)
                                   : std::pair(step::taken, mine.brought);
    const int peer = missing(what, mine, chunk);
    if (peer >= 0) wait_for(what, peer, goal_of(what, mine, chunk), mine);
}

// What the words of others have to reach before this rank may go on with a chunk.
std::uint32_t slice_exchange::goal_of(step what, const course& mine, std::uint32_t chunk) {
    return mine.first + chunk + 1 - (what == step::taken ? boxes : 0);
}

// The first rank that still has to do `what` before this one can go on with a chunk, or -1.
int slice_exchange::missing(step what, const course& mine, std::uint32_t chunk) {
    const std::uint32_t goal = goal_of(what, mine, chunk);
    for (int peer = 0; peer < ranks_; ++peer)
        if (peer != rank_ && needs(what, mine, chunk, peer) && !has_reached(what, peer, goal))
            return peer;
    return -1;
}

bool slice_exchange::brings(const course& mine, std::uint32_t chunk) const noexcept {
    if (mine.kernel == nullptr) return mine.single == rank_;
    const byte_range own = mine.slice(chunk, rank_, ranks_);
    return own.end - own.begin < mine.length(chunk);
}

// Whether this rank's next step of a chunk needs what `peer` has done.
bool slice_exchange::needs(step what, const course& mine, std::uint32_t chunk,
                           int peer) const noexcept {
    if (what == step::taken) return brings(mine, chunk); // all may still read the box
    const auto is_empty = [&](int rank) {
        const byte_range slice = mine.slice(chunk, rank, ranks_);
        return slice.begin == slice.end;
    };
    if (what == step::combined) return mine.takes && !is_empty(peer);
    return mine.kernel != nullptr && !is_empty(rank_);
}

// Reads another rank's line only where that is not known yet.
bool slice_exchange::has_reached(step what, int node_rank, std::uint32_t goal) {
    std::uint32_t& seen = seen_[static_cast<int>(what)][static_cast<std::size_t>(node_rank)];
    const auto reached = [&] { return static_cast<std::int32_t>(seen - goal) >= 0; };
    if (reached()) return true;
    seen = counter_of(what, node_rank).chunks.load(std::memory_order_acquire);
    return reached();
}

void slice_exchange::wait_for(step what, int node_rank, std::uint32_t goal, const course& mine) {
    counter& there = counter_of(what, node_rank);
    const auto ready = [goal](std::uint32_t chunks) {
        return static_cast<std::int32_t>(chunks - goal) >= 0;
    };
    watchdog watch;
    grace_period grace;
    wait_on(there.chunks, there.sleepers, patience_, ready, [&] {
        if (watch.is_overdue()) complain(watch, what, goal, mine.why);
        if (!team_.is_node_abandoned() || ready(there.chunks.load(std::memory_order_acquire)))
            return;
        team_.throw_if_mixed(mine.why);
        if (grace.is_over())
            throw error(errc::peer_lost,
                        fmt::format("{}: a rank of this node left by an exception and will not "
                                    "come",
                                    mine.why.operation.text));
    });
}

void slice_exchange::complain(const watchdog& watch, step what, std::uint32_t goal,
                              const occasion& why) const {
    const int first = team_.rank() - rank_;
    std::vector<int> late;
    for (int peer = 0; peer < ranks_; ++peer) {
        const std::uint32_t there = counter_of(what, peer).chunks.load(std::memory_order_relaxed);
        if (static_cast<std::int32_t>(there - goal) < 0) late.push_back(first + peer);
    }
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why.text(),
                               team_.rank(), watch.seconds(), host_name(), team_.with_notes(late)));
}

// All of a chunk but this rank's slice, which others do not read.
void slice_exchange::bring(const course& mine, std::uint32_t chunk) {
    std::byte* const to = box(rank_, mine.first + chunk);
    const std::byte* const from = mine.begin(chunk);
    if (mine.kernel == nullptr) {
        if (mine.single == rank_) copy_bytes(to, from, mine.length(chunk));
        return;
    }
    const byte_range own = mine.slice(chunk, rank_, ranks_);
    copy_bytes(to, from, own.begin);
    copy_bytes(to + own.end, from + own.end, mine.length(chunk) - own.end);
}

void slice_exchange::combine(const course& mine, std::uint32_t chunk) {
    if (mine.kernel == nullptr) return;
    const byte_range own = mine.slice(chunk, rank_, ranks_);
    for (std::size_t at = own.begin; at < own.end; at += block_bytes)
        combine_block(mine, chunk, at, std::min(block_bytes, own.end - at));
}

// A piece of this rank's slice, `at` bytes behind the begin of the chunk.
void slice_exchange::combine_block(const course& mine, std::uint32_t chunk, std::size_t at,
                                   std::size_t bytes) {
    const std::uint32_t number = mine.first + chunk;
    const auto width = static_cast<index_t>(mine.element_bytes);
    std::byte* const home = mine.begin(chunk) + at;
    std::byte* const shown = box(0, number) + at;
    std::byte* const total = rank_ == 0 && mine.takes ? home : shown;
    if (rank_ == 0 && !mine.takes) copy_bytes(shown, home, bytes);
    for (int peer = 1; peer < ranks_; ++peer)
        mine.kernel(total, width, peer == rank_ ? home : box(peer, number) + at, width,
                    static_cast<index_t>(bytes / mine.element_bytes), nullptr);
    if (rank_ == 0 && mine.takes && !mine.single) copy_bytes(shown, home, bytes);
    if (rank_ != 0 && mine.takes) copy_bytes(home, shown, bytes);
}

void slice_exchange::take(const course& mine, std::uint32_t chunk) {
    if (!mine.takes || mine.single == rank_) return;
    const byte_range own = mine.single ? byte_range{0, 0} : mine.slice(chunk, rank_, ranks_);
    const std::byte* const from = box(mine.kernel ? 0 : *mine.single, mine.first + chunk);
    std::byte* const to = mine.begin(chunk);
    copy_bytes(to, from, own.begin);
    copy_bytes(to + own.end, from + own.end, mine.length(chunk) - own.end);
}

} // namespace nodespan::detail
