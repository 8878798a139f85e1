#include "slice_exchange.hpp"

#include "host_name.hpp"
#include "interval_set.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

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
// The counts. Each box number has three: how many ranks have brought, combined and taken what lies
// in the boxes of this number, in all calls so far. A rank adds 1 after it has done so (release),
// and who reads the count with acquire sees what all those have written. Where all ranks have added
// theirs, a count has grown by their number; so the count that a chunk needs follows from the
// number of the chunk, no call begins with a meeting, and a rank leaves when it has its own result.
// Where one rank alone brings or combines, it adds the number of all, and nobody waits for the
// others. Whoever waits, waits for one count only: so among ranks that share cores, the last one
// that does its part wakes those that need it, and nobody wakes in vain.
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
// watchdog says for whom the others wait: for that alone each rank also writes how far it has come.

namespace nodespan::detail {
namespace {

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
    bool is_for_all = false;        // all ranks do, and none alone combines
    std::size_t first = 0;          // the number of chunk 0
    std::size_t brought = 0, combined = 0, taken = 0; // chunks of this call
    occasion why;

    std::size_t chunks = 0;
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
    return sizeof(counts) + static_cast<std::size_t>(ranks) * (sizeof(place) + boxes * box_bytes);
}

slice_exchange::slice_exchange(team_core& team, std::byte* memory)
    : team_(team),
      ranks_(team.node_size()),
      rank_(team.node_rank()),
      patience_(team.is_oversubscribed() ? patience::oversubscribed() : patience{}),
      counts_(reinterpret_cast<counts*>(memory)),
      places_(reinterpret_cast<place*>(memory + sizeof(counts))),
      boxes_(memory + sizeof(counts) + sizeof(place) * static_cast<std::size_t>(ranks_)) {}

slice_exchange::count& slice_exchange::count_of(step what, std::size_t number) const noexcept {
    return counts_->of[number % boxes][static_cast<int>(what)];
}

std::byte* slice_exchange::box(int node_rank, std::size_t number) const noexcept {
    return boxes_ + (static_cast<std::size_t>(node_rank) * boxes + number % boxes) * box_bytes;
}

// What the count of a step is when all have done it with the chunk of this number.
std::uint32_t slice_exchange::full(std::size_t number) const noexcept {
    return static_cast<std::uint32_t>((number / boxes + 1) * static_cast<std::size_t>(ranks_));
}

// Adds this rank's part to the count; the last one wakes those that wait for it.
void slice_exchange::say(step what, std::size_t number, std::uint32_t ranks) noexcept {
    places_[rank_].done[static_cast<int>(what)].store(static_cast<std::uint32_t>(number + 1),
                                                      std::memory_order_relaxed);
    if (ranks == 0) return;
    count& there = count_of(what, number);
    const std::uint32_t now = there.ranks.fetch_add(ranks, std::memory_order_seq_cst) + ranks;
    if (now == full(number) && there.sleepers.load(std::memory_order_seq_cst) != 0)
        futex_wake_all(there.ranks);
}

void slice_exchange::reduce(const collective_call& mine, run_kernel kernel, const occasion& why) {
    course call;
    call.home = mine.values;
    call.bytes = mine.count * mine.element_bytes;
    call.element_bytes = mine.element_bytes;
    call.kernel = kernel;
    call.is_for_all = mine.name == collective_call::name_type::all_reduce;
    call.takes = call.is_for_all || mine.root == rank_;
    if (!call.is_for_all && ranks_ <= most_for_root_alone) call.single = mine.root;
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

// A call that is short is still cut into some chunks, so that ranks work at the same time, unless
// they share cores: then they take turns, and fewer turns are better. Chunks are nearly equal.
void slice_exchange::run(course& mine) {
    const std::size_t least = team_.is_oversubscribed()
                                  ? box_bytes
                                  : std::clamp(static_cast<std::size_t>(ranks_) * least_slice_bytes,
                                               least_chunk_bytes, box_bytes);
    const std::size_t wanted = std::clamp(mine.bytes / boxes, least, box_bytes);
    const std::size_t chunks = (mine.bytes + wanted - 1) / wanted;
    mine.chunk_bytes = whole_lines((mine.bytes + chunks - 1) / chunks);
    mine.chunks = (mine.bytes + mine.chunk_bytes - 1) / mine.chunk_bytes;
    mine.first = next_;
    next_ += mine.chunks;
    while (mine.taken < mine.chunks)
        if (!advance(mine)) wait_for_next(mine);
}

// Does one step of one chunk. Returns whether there was one that others let this rank do.
bool slice_exchange::advance(course& mine) {
    const auto all = static_cast<std::uint32_t>(ranks_);
    const bool is_broadcast = mine.kernel == nullptr, is_single = mine.single == rank_;
    if (mine.taken < mine.combined && may_go_on(step::combined, mine, mine.taken)) {
        take(mine, mine.taken);
        say(step::taken, mine.first + mine.taken++, 1);
    } else if (mine.combined < mine.brought && may_go_on(step::brought, mine, mine.combined)) {
        combine(mine, mine.combined);
        say(step::combined, mine.first + mine.combined++, is_single ? all : mine.single ? 0 : 1);
    } else if (mine.brought < mine.chunks && may_go_on(step::taken, mine, mine.brought)) {
        bring(mine, mine.brought);
        say(step::brought, mine.first + mine.brought++, !is_broadcast ? 1 : is_single ? all : 0);
    } else {
        return false;
    }
    return true;
}

void slice_exchange::wait_for_next(const course& mine) {
    if (mine.taken < mine.combined)
        wait_for(step::combined, mine.first + mine.taken, mine);
    else if (mine.combined < mine.brought)
        wait_for(step::brought, mine.first + mine.combined, mine);
    else
        wait_for(step::taken, mine.first + mine.brought - boxes, mine);
}

// Whether this rank's next step of a chunk may begin, which needs that others have done `what`.
bool slice_exchange::may_go_on(step what, const course& mine, std::size_t chunk) const noexcept {
    const bool is_single = mine.single == rank_, is_broadcast = mine.kernel == nullptr;
    const std::size_t number = mine.first + chunk;
    if (what == step::combined) return !mine.takes || is_single || is_done(what, number);
    if (what == step::brought)
        return is_broadcast || (mine.single && !is_single) || is_done(what, number);
    if (is_broadcast && !is_single) return true; // it writes into no box, and does not count either
    return number < boxes || is_done(what, number - boxes); // all may still read the box
}

bool slice_exchange::is_done(step what, std::size_t number) const noexcept {
    return is_reached(count_of(what, number).ranks.load(std::memory_order_acquire), full(number));
}

bool slice_exchange::is_reached(std::uint32_t count, std::uint32_t goal) noexcept {
    return static_cast<std::int32_t>(count - goal) >= 0;
}

void slice_exchange::wait_for(step what, std::size_t number, const course& mine) {
    count& there = count_of(what, number);
    const auto ready = [goal = full(number)](std::uint32_t ranks) {
        return is_reached(ranks, goal);
    };
    watchdog watch;
    grace_period grace;
    wait_on(there.ranks, there.sleepers, patience_, ready, [&] {
        if (watch.is_overdue()) complain(watch, what, number, mine);
        if (!team_.is_node_abandoned() || ready(there.ranks.load(std::memory_order_acquire)))
            return;
        team_.throw_if_mixed(mine.why);
        if (grace.is_over())
            throw error(errc::peer_lost,
                        fmt::format("{}: a rank of this node left by an exception and will not "
                                    "come",
                                    mine.why.operation.text));
    });
}

// Only the lowest of the ranks that have done their part, and wait as well, prints the line.
void slice_exchange::complain(const watchdog& watch, step what, std::size_t number,
                              const course& mine) const {
    const int first = team_.rank() - rank_;
    const bool all_wait = mine.is_for_all,
               takers_wait = mine.kernel == nullptr && what == step::combined;
    std::vector<int> late;
    for (int peer = 0; peer < ranks_; ++peer) {
        const bool is_needed = what == step::taken || !mine.single || peer == *mine.single ||
                               (what == step::brought && mine.kernel != nullptr);
        const std::uint32_t done =
            places_[peer].done[static_cast<int>(what)].load(std::memory_order_relaxed);
        if (is_needed && !is_reached(done, static_cast<std::uint32_t>(number + 1)))
            late.push_back(first + peer);
        else if (peer < rank_ && (all_wait || (takers_wait && peer != *mine.single)))
            return;
    }
    if (late.empty()) return;
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", mine.why.text(),
                               team_.rank(), watch.seconds(), host_name(), team_.with_notes(late)));
}

// All of a chunk but this rank's slice, which others do not read.
void slice_exchange::bring(const course& mine, std::size_t chunk) {
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

void slice_exchange::combine(const course& mine, std::size_t chunk) {
    if (mine.kernel == nullptr) return;
    const byte_range own = mine.slice(chunk, rank_, ranks_);
    for (std::size_t at = own.begin; at < own.end; at += block_bytes)
        combine_block(mine, chunk, at, std::min(block_bytes, own.end - at));
}

// A piece of this rank's slice, `at` bytes behind the begin of the chunk.
void slice_exchange::combine_block(const course& mine, std::size_t chunk, std::size_t at,
                                   std::size_t bytes) {
    const std::size_t number = mine.first + chunk;
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

// What a broadcast overwrites is in no cache, if it is too long for them; what is combined still
// is, since it was brought from there.
void slice_exchange::take(const course& mine, std::size_t chunk) {
    if (!mine.takes || mine.single == rank_) return;
    const std::byte* const from = box(mine.kernel ? 0 : *mine.single, mine.first + chunk);
    std::byte* const to = mine.begin(chunk);
    if (mine.kernel == nullptr)
        return mine.bytes < streaming_copy_from_bytes ? copy_bytes(to, from, mine.length(chunk))
                                                      : stream_bytes(to, from, mine.length(chunk));
    const byte_range own = mine.slice(chunk, rank_, ranks_);
    copy_bytes(to, from, own.begin);
    copy_bytes(to + own.end, from + own.end, mine.length(chunk) - own.end);
}

} // namespace nodespan::detail
