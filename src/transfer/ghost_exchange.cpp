#include "ghost_exchange.hpp"

#include "agreement.hpp"
#include "arena.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "pieces.hpp"
#include "race_hooks.hpp"
#include "strided.hpp"
#include "tags.hpp"

#include <map>

namespace nodespan::detail {
namespace {

constexpr index_t largest_bytes = index_t{1} << 30; // of a message: MPI counts in int
constexpr index_t small_bytes = 64 * 1024;          // smaller pieces go from leader to leader

index_t bytes_of(const box<dynamic_rank>& part, std::size_t element_bytes) {
    return part.size() * static_cast<index_t>(element_bytes);
}

std::size_t bytes_of(const index_list& extents, std::size_t element_bytes) {
    std::size_t bytes = element_bytes;
    for (const index_t extent : extents) bytes *= static_cast<std::size_t>(extent);
    return bytes;
}

// The rank of a node that handles a large piece which two nodes exchange. Both nodes compute the
// same, so each knows both ranks.
int rank_for(const placement& ranks, int node, int from, int to, int image) {
    const int first = ranks.first_rank(node);
    const int lane = 2 * std::min(from, to) + (from < to ? 0 : 1) + image;
    return first + lane % ranks.node_size(node);
}

// Whether the elements lie one after the other.
bool is_dense(const index_list& extents, const index_list& strides, std::size_t element_bytes) {
    const index_list dense = dense_strides(extents, element_bytes);
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (extents[d] > 1 && strides[d] != dense[d]) return false;
    return true;
}

} // namespace

ghost_exchange::ghost_exchange(const array_location& location, const occasion& why)
    : location_(location),
      why_(why) {
    const int here = location_.team->node();
    strides_ = dense_strides(with_ghosts(location_.cut->node_box(here), location_.ghosts).extents(),
                             location_.element_bytes);
    nothing_to_do_ = location_.team->placement()->nodes() == 1;
    receives_ = messages(ghost_receives(*location_.cut, location_.ghosts, here), way::receive);
    sends_ = messages(ghost_sends(*location_.cut, location_.ghosts, here), way::send);
    const mpi_turn preparing;
    for (message& m : receives_) prepare(m, way::receive);
    for (message& m : sends_) prepare(m, way::send);
}

// Divides pieces into this rank's messages. The small pieces for one node go together from leader
// to leader; each large piece is a message. Both nodes list the pieces of a pair in the same order.
std::vector<ghost_exchange::message> ghost_exchange::messages(const std::vector<ghost_piece>& all,
                                                              way where) {
    const team_core& team = *location_.team;
    const placement& ranks = *team.placement();
    const int here = team.node();
    const index_t most =
        std::max<index_t>(1, largest_bytes / static_cast<index_t>(location_.element_bytes));
    std::map<int, message> small; // by node
    std::vector<message> result;
    int lane = 0;
    for (const ghost_piece& piece : all) {
        const bool is_small = bytes_of(piece.ghost, location_.element_bytes) < small_bytes;
        leader_alone_ &= is_small;
        if (piece.node == here) {
            if (where == way::receive) add_copy(piece, is_small ? 0 : lane++ % team.node_size());
            continue;
        }
        const box<dynamic_rank>& mine = where == way::send ? piece.source : piece.ghost;
        if (is_small) {
            if (!team.is_leader()) continue;
            message& m = small[piece.node];
            m.peer = ranks.first_rank(piece.node);
            m.tag = tags::small_ghosts;
            m.parts.push_back(part_of(mine));
            continue;
        }
        const int from = where == way::send ? here : piece.node;
        const int to = where == way::send ? piece.node : here;
        if (rank_for(ranks, here, from, to, piece.image) != team.rank()) continue;
        for (const box<dynamic_rank>& one : pieces(mine, most)) {
            result.emplace_back();
            result.back().peer = rank_for(ranks, piece.node, from, to, piece.image);
            result.back().tag = tags::first_ghosts + piece.image;
            result.back().parts.push_back(part_of(one));
        }
    }
    for (auto& [node, m] : small) result.push_back(std::move(m));
    return result;
}

void ghost_exchange::add_copy(const ghost_piece& piece, int worker) {
    nothing_to_do_ = false;
    if (worker == location_.team->node_rank())
        copies_.push_back({part_of(piece.ghost), part_of(piece.source).data});
}

ghost_exchange::~ghost_exchange() {
    if (!mpi_is_alive()) return;
    // MPI may still fill or read our memory, or this thread may not call MPI.
    if (messages_.front().is_started || !location_.team->threads().admits_this_thread())
        arena::of(*location_.team).leave(messages_);
}

ghost_exchange::part ghost_exchange::part_of(const box<dynamic_rank>& elements) const {
    const int here = location_.team->node();
    return {elements.extents(), location_.where.data - location_.where.offset +
                                    find_on_node(location_, here, elements).offset};
}

// Makes memory for a message, and its request.
void ghost_exchange::prepare(message& m, way where) {
    std::size_t bytes = 0;
    for (const part& p : m.parts) bytes += bytes_of(p.extents, location_.element_bytes);
    void* memory = m.parts.front().data;
    if (m.parts.size() > 1 ||
        !is_dense(m.parts.front().extents, strides_, location_.element_bytes)) {
        m.dense = messages_.front()
                      .memory.emplace_back(std::make_unique_for_overwrite<std::byte[]>(bytes))
                      .get();
        memory = m.dense;
    }
    const auto count = static_cast<int>(bytes);
    const MPI_Comm comm = location_.team->traffic();
    requests().push_back(MPI_REQUEST_NULL);
    messages_.front().peers.push_back(m.peer);
    if (where == way::receive)
        mpi_check(MPI_Recv_init(memory, count, MPI_BYTE, m.peer, m.tag, comm, &requests().back()),
                  "MPI_Recv_init");
    else
        mpi_check(MPI_Send_init(memory, count, MPI_BYTE, m.peer, m.tag, comm, &requests().back()),
                  "MPI_Send_init");
}

void ghost_exchange::pack(const message& m) const {
    if (m.dense == nullptr) return; // is sent from where it lies
    std::byte* to = m.dense;
    for (const part& p : m.parts) {
        copy_patch(p.extents, location_.element_bytes, to,
                   dense_strides(p.extents, location_.element_bytes), p.data, strides_);
        to += bytes_of(p.extents, location_.element_bytes);
    }
}

void ghost_exchange::unpack(const message& m) const {
    if (m.dense == nullptr) return; // was received where it belongs
    const std::byte* from = m.dense;
    for (const part& p : m.parts) {
        copy_patch(p.extents, location_.element_bytes, p.data, strides_, from,
                   dense_strides(p.extents, location_.element_bytes));
        from += bytes_of(p.extents, location_.element_bytes);
    }
}

void ghost_exchange::add_bytes(std::uint64_t& inside, std::uint64_t& between) const {
    for (const copy& c : copies_) inside += bytes_of(c.to.extents, location_.element_bytes);
    for (const message& m : sends_)
        for (const part& p : m.parts) between += bytes_of(p.extents, location_.element_bytes);
}

void ghost_exchange::exchange(const void* called_from) {
    const thread_rule::call mine(&location_.team->threads(), "exchange_ghosts");
    if (nothing_to_do_ || leader_alone_) location_.team->begin_call(why_);
    if (nothing_to_do_) {
        location_.team->node_fence(why_);
        return;
    }
    if (!leader_alone_) {
        start(called_from);
        finish();
        return;
    }
    location_.team->led_fence(
        [this] {
            is_started_ = true;
            race::brings_ghosts(location_);
            failure_ = attempt([this] { post(), wait(); });
            is_started_ = failure_.has_value(); // if so, the transfer under way is abandoned
            return failure_;
        },
        why_);
    race::ghosts_are_new(location_);
}

// After the fence all that this node's ranks wrote is complete, and no rank reads the old ghosts.
void ghost_exchange::start(const void* called_from) {
    const thread_rule::call mine(&location_.team->threads(), "start_exchange_ghosts");
    location_.team->node_fence(why_);
    location_.team->begin_call(why_);
    is_started_ = true;
    if (nothing_to_do_) return;
    race::ghosts_are_new(location_);
    tell_races(called_from);
    failure_ = attempt([this] { post(); });
}

// Until the exchange is finished this rank reads what it sends, and writes what it receives.
void ghost_exchange::tell_races(const void* called_from) const {
    if constexpr (race::is_checked) {
        const auto tell = [&](const part& p, race::op what) {
            race::touches(p.data, p.extents, strides_, location_.element_bytes, what, called_from);
        };
        for (const message& m : sends_)
            for (const part& p : m.parts) tell(p, race::op::ghost_sent);
        for (const message& m : receives_)
            for (const part& p : m.parts) tell(p, race::op::ghost_brought);
        for (const copy& c : copies_) {
            tell({c.to.extents, const_cast<std::byte*>(c.from)}, race::op::ghost_sent);
            tell(c.to, race::op::ghost_brought);
        }
    }
}

void ghost_exchange::post() {
    const race::inside own_copies;
    const auto receives = static_cast<int>(receives_.size());
    const auto sends = static_cast<int>(sends_.size());
    messages_.front().is_started = true;
    if (receives > 0) mpi_check(MPI_Startall(receives, requests().data()), "MPI_Startall");
    for (const message& m : sends_) pack(m);
    if (sends > 0) mpi_check(MPI_Startall(sends, requests().data() + receives), "MPI_Startall");
    for (const copy& c : copies_)
        copy_patch(c.to.extents, location_.element_bytes, c.to.data, strides_, c.from, strides_);
}

void ghost_exchange::finish() {
    const thread_rule::call mine(&location_.team->threads(), "finish_exchange_ghosts");
    if (!is_started_) return;
    if (nothing_to_do_) {
        is_started_ = false;
        return;
    }
    if (!failure_) failure_ = attempt([this] { wait(); });
    is_started_ = failure_.has_value(); // if so, the transfer under way is abandoned
    location_.team->node_fence(failure_, why_);
}

void ghost_exchange::wait() {
    const race::inside own_copies;
    location_.team->wait(requests(), why_,
                         [this](std::size_t i) { return messages_.front().peers[i]; });
    messages_.front().is_started = false;
    for (const message& m : receives_) unpack(m);
}

} // namespace nodespan::detail
