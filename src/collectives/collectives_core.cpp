#include "collectives_core.hpp"

#include "nodespan/detail/copy_bytes.hpp"
#include "race_hooks.hpp"

#include <algorithm>
#include <array>
#include <cstring>

// The ways of a collective call. Every call begins with one turn of the rendezvous, by which all
// ranks of a node know what the others bring; leaders compare what their nodes found. Then all
// ranks take the same way, since it depends only on the notes.
//
// Small values stand beside the notes: every rank combines them for itself, in rank order, so all
// get the same bits, and no second meeting is needed.
//
// Values in the team's windows are combined in place: every rank combines one slice of all ranks'
// values, and writes it to all of them; then one meeting ends the call. Slices are whole cache
// lines.
//
// All else goes through slice_exchange where there is one node.
//
// Over several nodes it goes through a pipeline of steps, with one meeting after each. Chunk c is
// copied into an inbox of each rank in step c, combined into an outbox in step c + 1, exchanged
// between leaders in step c + 2, and copied to the ranks' own memory in the step after that. A rank
// has two inboxes: that of chunk c is written in step c, read in step c + 1, and written again in
// step c + 2. A node has three outboxes, since an outbox is in use for three steps. In each case a
// meeting lies between the last reader and the next writer.
//
// Errors: what the notes show is refused on all ranks, before any value has changed. A later error,
// or a rank that leaves, ends the team: give_up() tells the others, whose waits then throw
// errc::peer_lost.

namespace nodespan::detail {
namespace {

using enum collective_call::name_type;

// For larger values two meetings cost less than copying what ranks show.
constexpr std::size_t in_place_from_bytes = 1024;

// Of values that cross nodes: large enough that a message pays off.
constexpr std::size_t chunk_bytes = 1024 * 1024;

// A piece that is combined before it is copied on, while it is still in the first cache.
constexpr std::size_t block_bytes = 8 * 1024;

// Where slice `k` of `parts` of so many bytes begins. Slices are whole cache lines, so that no two
// ranks write to the same line.
std::size_t slice(std::size_t bytes, int k, int parts) {
    constexpr std::size_t line = 64;
    const std::size_t lines = (bytes + line - 1) / line;
    return std::min(bytes,
                    lines * static_cast<std::size_t>(k) / static_cast<std::size_t>(parts) * line);
}

call_note note_about(const collective_call& mine, const arena& memory) {
    call_note note{mine.name, mine.kind, mine.op, mine.root, mine.element_bytes, mine.count, {}};
    if (const auto location = memory.find(mine.values, note.bytes())) note.location = *location;
    return note;
}

// Refuses arguments that make no sense for any team; all ranks decide alike, since their arguments
// are equal.
void refuse_nonsense(const call_note& note, int ranks) {
    if (note.name != all_reduce && (note.root < 0 || note.root >= ranks))
        throw error(errc::out_of_range,
                    to_string(note) + ": the team has ranks 0 to " + std::to_string(ranks - 1),
                    true);
    if (note.name != broadcast &&
        (note.op == accumulate_op::replace || !supports(note.kind, note.op)))
        throw error(errc::invalid_argument,
                    to_string(note) + ": these elements have no such operation", true);
}

int largest_node_of(const placement& ranks) {
    int result = 0;
    for (int node = 0; node < ranks.nodes(); ++node)
        result = std::max(result, ranks.node_size(node));
    return result;
}

} // namespace

collectives_core& collectives_core::of(team_core& team) {
    if (!team.collectives) team.collectives = std::make_shared<collectives_core>(team);
    return *static_cast<collectives_core*>(team.collectives.get());
}

collectives_core::collectives_core(team_core& team)
    : team_(team),
      memory_(arena::of(team)),
      largest_node_(largest_node_of(*team.placement())) {
    const std::size_t shown = rendezvous::shown_bytes(largest_node_);
    const bool over_nodes = team.placement()->nodes() > 1;
    board_.emplace(team,
                   reserve("shared memory for collective calls",
                           [&](int ranks) { return rendezvous::bytes(ranks, shown, over_nodes); }),
                   shown);
    if (over_nodes && team.is_leader()) exchange_ = std::make_unique<leader_exchange>(team);
}

// Zeroed memory of the node, aligned for words that each have two cache lines of their own.
std::byte* collectives_core::reserve(const char* description,
                                     const std::function<std::size_t(int ranks)>& bytes_of) {
    constexpr std::size_t alignment = 128;
    block_request request;
    request.description = description;
    request.reserved_bytes = bytes_of(largest_node_) + alignment;
    request.node_bytes = bytes_of(team_.node_size()) + alignment;
    request.mine = [&] { return even_part(request.node_bytes, team_); };
    std::byte* const begin = memory_.allocate({}, request).data;
    const auto beside = reinterpret_cast<std::uintptr_t>(begin) % alignment;
    return begin + (beside == 0 ? 0 : alignment - beside);
}

slice_exchange& collectives_core::slices() {
    if (!slices_)
        slices_.emplace(team_,
                        reserve("scratch space for collective calls", slice_exchange::bytes));
    return *slices_;
}

void collectives_core::run(const collective_call& mine) {
    const call_note note = note_about(mine, memory_);
    why_ = occasion_of(mine.name);
    try {
        meet_and_check(mine, note);
        refuse_nonsense(note, team_.placement()->size());
        if (team_.placement()->size() == 1 || finish_small(mine)) return;
        if (mine.name == collective_call::name_type::broadcast) return broadcast(mine);
        if (team_.placement()->nodes() == 1)
            return board_->are_all_shared() ? reduce_in_place(mine)
                                            : slices().reduce(mine, kernel_, why_);
        reserve_scratch();
        reduce_by_steps(mine);
    } catch (const error& failure) {
        if (!failure.is_collective()) give_up();
        throw;
    } catch (...) {
        give_up();
        throw;
    }
}

// Ends the team, since other ranks wait for this one in vain. Memory of messages that are under way
// is leaked, because MPI may still write there.
void collectives_core::give_up() noexcept {
    static_cast<void>(exchange_.release());
    team_.abandon();
}

// When this returns, all ranks of the team have made the same call, and each rank knows what the
// other ranks of its node have shown.
void collectives_core::meet_and_check(const collective_call& mine, const call_note& note) {
    board_->show(note, mine.values, shows(mine, note));
    kernel_ = plain_kernel(mine.kind, mine.op);
    if (team_.placement()->nodes() > 1)
        settle_between_nodes(mine);
    else
        throw_if_refused(board_->compare());
}

// Whether others read a rank's values beside its note, or itself, since its own are overwritten.
bool collectives_core::shows(const collective_call& mine, const call_note& note) const noexcept {
    const bool is_root = mine.root == team_.rank();
    if (mine.name == collective_call::name_type::broadcast) return is_root;
    if (mine.name == reduce && is_root && team_.rank() == 0 && team_.placement()->nodes() == 1)
        return false;
    if (team_.placement()->nodes() > 1) return team_.node_size() > 1;
    return !stays_in_place(note);
}

void collectives_core::settle_between_nodes(const collective_call& mine) {
    const call_verdict found = board_->compare();
    const std::size_t bytes = board_->note_of(0).bytes();
    if (team_.is_leader()) {
        rendezvous::outcome& result = board_->result();
        result.verdict = found;
        result.value_bytes = 0;
        if (found.what == call_verdict::finding::good && goes_beside_notes(bytes))
            gather_values(mine, bytes, result);
        exchange_->settle(result, kernel_, why_);
    }
    team_.meet_on_node(why_);
    throw_if_refused(board_->result().verdict);
}

// What this node brings beside its verdict: its ranks' values, combined, or those of the root.
void collectives_core::gather_values(const collective_call& mine, std::size_t bytes,
                                     rendezvous::outcome& to) {
    if (mine.name == collective_call::name_type::broadcast) {
        const int root = root_on_node(mine);
        if (root < 0) return;
        copy_bytes(to.values, shown_values(mine, root), bytes);
    } else {
        if (kernel_ == nullptr) return; // no such operation: soon refused
        combine_run(to.values, bytes, mine, [&](int peer) { return shown_values(mine, peer); });
    }
    to.value_bytes = bytes;
}

// Whether leaders send such values to each other beside their verdicts. A rank alone on its node
// shows them to nobody there.
bool collectives_core::goes_beside_notes(std::size_t bytes) const noexcept {
    return bytes <= rendezvous::result_bytes && (largest_node_ == 1 || board_->fits(bytes));
}

const std::byte* collectives_core::shown_values(const collective_call& mine,
                                                int node_rank) const noexcept {
    return team_.node_size() == 1 ? mine.values : board_->values_of(node_rank);
}

// Combines the values of all ranks of the node in rank order: to[i] becomes the result. They may be
// those of rank 0 already.
template <class From>
void collectives_core::combine_run(std::byte* to, std::size_t bytes, const collective_call& mine,
                                   From&& from) {
    const auto step = static_cast<index_t>(mine.element_bytes);
    if (const std::byte* const first = from(0); first != to) copy_bytes(to, first, bytes);
    for (int peer = 1; peer < team_.node_size(); ++peer)
        kernel_(to, step, from(peer), step, static_cast<index_t>(bytes / mine.element_bytes),
                nullptr);
}

// Whether a rank leaves its values where they are to be combined there, if the others do so too.
bool collectives_core::stays_in_place(const call_note& note) const noexcept {
    return note.is_shared() && note.bytes() > in_place_from_bytes &&
           note.name != collective_call::name_type::broadcast;
}

// Finishes a call whose values all ranks have shown each other. Returns whether that was so.
bool collectives_core::finish_small(const collective_call& mine) {
    const std::size_t bytes = mine.count * mine.element_bytes;
    const bool over_nodes = team_.placement()->nodes() > 1;
    if (over_nodes ? !goes_beside_notes(bytes) : !board_->fits(bytes)) return false;
    for (int peer = 0; !over_nodes && peer < team_.node_size(); ++peer)
        if (stays_in_place(board_->note_of(peer))) return false;
    const bool takes =
        mine.name == all_reduce || (mine.name == reduce) == (mine.root == team_.rank());
    if (!takes) return true;
    if (over_nodes)
        copy_bytes(mine.values, board_->result().values, bytes);
    else if (mine.name == collective_call::name_type::broadcast)
        copy_bytes(mine.values, board_->values_of(mine.root), bytes);
    else
        combine_run(mine.values, bytes, mine, [&](int peer) -> const std::byte* {
            return peer == 0 && team_.rank() == 0 ? mine.values : board_->values_of(peer);
        });
    return true;
}

// Every rank combines a slice of all ranks' values where they lie, and writes the result to all.
void collectives_core::reduce_in_place(const collective_call& mine) {
    const std::size_t bytes = mine.count * mine.element_bytes;
    const std::size_t end = slice(bytes, team_.node_rank() + 1, team_.node_size());
    for (std::size_t at = slice(bytes, team_.node_rank(), team_.node_size()); at < end;
         at += block_bytes)
        combine_slices(mine, at, std::min(end, at + block_bytes));
    team_.meet_on_node(why_);
}

void collectives_core::combine_slices(const collective_call& mine, std::size_t begin,
                                      std::size_t end) {
    alignas(64) std::array<std::byte, block_bytes> room;
    const auto step = static_cast<index_t>(mine.element_bytes);
    const std::size_t bytes = end - begin;
    const bool to_all = mine.name == all_reduce;
    std::byte* const total = to_all || mine.root == 0 ? values_of(0) + begin : room.data();
    if (total == room.data()) std::memcpy(total, values_of(0) + begin, bytes);
    for (int peer = 1; peer < team_.node_size(); ++peer)
        kernel_(total, step, values_of(peer) + begin, step,
                static_cast<index_t>(bytes / mine.element_bytes), nullptr);
    for (int peer = 1; peer < team_.node_size(); ++peer)
        if (to_all || peer == mine.root) copy_bytes(values_of(peer) + begin, total, bytes);
}

// The pipeline. In step s, chunk s is copied to the scratch space, chunk s - 1 is combined, and so
// on. What one step writes, the next step reads, and it is overwritten only after all ranks have
// read it.
void collectives_core::reduce_by_steps(const collective_call& mine) {
    const std::size_t bytes = mine.count * mine.element_bytes;
    const std::size_t chunks = (bytes + chunk_bytes - 1) / chunk_bytes;
    const int me = team_.node_rank(), peers = team_.node_size();
    const bool is_alone = peers == 1, brings = !is_alone && !board_->are_all_shared();
    const bool takes = mine.name == all_reduce || mine.root == team_.rank();
    const auto length = [&](std::size_t c) {
        return std::min(chunk_bytes, bytes - c * chunk_bytes);
    };
    const auto home = [&](std::size_t c) { return mine.values + c * chunk_bytes; };
    const auto combine = [&](std::size_t c) {
        const std::size_t begin = slice(length(c), me, peers),
                          end = slice(length(c), me + 1, peers);
        combine_run(outbox(c) + begin, end - begin, mine, [&](int peer) {
            if (is_alone) return home(c) + begin;
            return (brings ? inbox(c, peer) : values_of(peer) + c * chunk_bytes) + begin;
        });
    };
    const std::size_t combining = brings ? 1 : 0, exchanging = combining + 1,
                      taking = combining + 2;
    for (std::size_t s = 0; s < chunks + taking; ++s) {
        const auto at_station = [&](std::size_t delay) { return s >= delay && s - delay < chunks; };
        if (brings && at_station(0)) copy_bytes(inbox(s, me), home(s), length(s));
        if (at_station(combining)) combine(s - combining);
        if (takes && at_station(taking))
            copy_bytes(home(s - taking), outbox(s - taking), length(s - taking));
        if (exchange_ && at_station(exchanging))
            exchange_->combine(outbox(s - exchanging), length(s - exchanging), mine.element_bytes,
                               kernel_);
        team_.meet_on_node(why_);
    }
}

// Copies from the root's own memory if all ranks see it; otherwise through scratch space, into
// which the root puts its chunks.
void collectives_core::broadcast(const collective_call& mine) {
    const std::size_t bytes = mine.count * mine.element_bytes;
    const bool is_root = mine.root == team_.rank();
    if (team_.placement()->nodes() == 1) {
        if (!board_->note_of(mine.root).is_shared()) return slices().broadcast(mine, why_);
        if (!is_root) copy_bytes(mine.values, values_of(mine.root), bytes);
        return team_.meet_on_node(why_);
    }
    reserve_scratch();
    const int root_node = team_.placement()->node_of(mine.root);
    const std::size_t chunks = (bytes + chunk_bytes - 1) / chunk_bytes;
    const auto begin = [&](std::size_t c) { return mine.values + c * chunk_bytes; };
    const auto length = [&](std::size_t c) {
        return std::min(chunk_bytes, bytes - c * chunk_bytes);
    };
    constexpr std::size_t taking = 2;
    for (std::size_t s = 0; s < chunks + taking; ++s) {
        if (is_root && s < chunks) copy_bytes(outbox(s), begin(s), length(s));
        if (!is_root && s >= taking)
            copy_bytes(begin(s - taking), outbox(s - taking), length(s - taking));
        if (exchange_ && s >= 1 && s - 1 < chunks)
            exchange_->broadcast(outbox(s - 1), length(s - 1), root_node);
        team_.meet_on_node(why_);
    }
}

// Reserves two inboxes for each rank and three outboxes for each node.
void collectives_core::reserve_scratch() {
    if (scratch_ != nullptr) return;
    const auto need = [&](int ranks) {
        return chunk_bytes * (2 * static_cast<std::size_t>(ranks) + 3);
    };
    block_request request;
    request.description = "scratch space for collective calls";
    request.reserved_bytes = need(largest_node_);
    request.node_bytes = need(team_.node_size());
    request.zeroed = false;
    const auto me = static_cast<std::size_t>(team_.node_rank());
    request.mine = [&] {
        const bool is_last = team_.node_rank() + 1 == team_.node_size();
        return std::vector<byte_range>{
            {chunk_bytes * 2 * me, is_last ? request.node_bytes : chunk_bytes * 2 * (me + 1)}};
    };
    scratch_ = memory_.allocate({}, request).data;
}

std::byte* collectives_core::inbox(std::size_t chunk, int node_rank) const noexcept {
    return scratch_ + chunk_bytes * (2 * static_cast<std::size_t>(node_rank) + chunk % 2);
}

std::byte* collectives_core::outbox(std::size_t chunk) const noexcept {
    return scratch_ + chunk_bytes * (2 * static_cast<std::size_t>(team_.node_size()) + chunk % 3);
}

std::byte* collectives_core::values_of(int node_rank) const noexcept {
    return memory_.address_of(board_->note_of(node_rank).location);
}

// The root's rank on this node; -1 if the root is on another node.
int collectives_core::root_on_node(const collective_call& mine) const noexcept {
    const int first = team_.rank() - team_.node_rank();
    const int on_node = mine.root - first;
    return on_node >= 0 && on_node < team_.node_size() ? on_node : -1;
}

// Whether a rank's values are others' afterwards.
static bool changes_values(const collective_call& mine, int rank) noexcept {
    if (mine.name == collective_call::name_type::all_reduce) return true;
    return (mine.name == collective_call::name_type::reduce) == (mine.root == rank);
}

void run_collective(const team& team, const collective_call& mine) {
    team_core& core = *access::core(team);
    const thread_rule::call call(&core.threads(), "a collective call");
    {
        const race::inside own_copies;
        timed(core.usage(), usage_wait::collective, [&] { collectives_core::of(core).run(mine); });
    }
    race::takes_part(mine.values, mine.count * mine.element_bytes,
                     changes_values(mine, team.rank()), __builtin_return_address(0));
}

} // namespace nodespan::detail
