#include "leader_exchange.hpp"

#include "mpi_check.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "tags.hpp"
#include "watchdog.hpp"

#include <algorithm>

// How leaders combine: by recursive doubling, in the order of node_pairs. In each round two leaders
// tell each other what their groups have, and both combine it, the lower group's first; so both get
// the same bits, and after the last round all have them. The second node of a pair only gives its
// part to the first one, and gets the result in the end.
//
// Larger values are halved on the way (Rabenseifner 2004): of what two leaders both have, each
// combines one half, and half of that in the next round. The last round needs no halving, since the
// result would go back to the same node. Then the rounds go back, and in each two leaders give each
// other what they lack. So a node sends no more bytes than if each combined one part for all, and
// elements are combined in the same order as without halves.

namespace nodespan::detail {
namespace {

// TCP sends so much at once; longer messages need steps that wait for each other.
constexpr std::size_t piece_bytes = 63 * 1024;

// So much is combined at once, while the rest is on its way. Each wait may cost the core.
constexpr std::size_t group_bytes = 4 * piece_bytes;

// A piece that is combined before it is copied on, while it is still in the first cache.
constexpr std::size_t block_bytes = 8 * 1024;

// Less than this is not halved: a message more would take longer than the bytes.
constexpr std::size_t whole_up_to_bytes = 32 * 1024;

// What two neighbouring groups of nodes have found, put together in `lower`.
void join(rendezvous::outcome& lower, const rendezvous::outcome& upper, run_kernel kernel) {
    lower.verdict.join(upper.verdict);
    if (lower.verdict.what != call_verdict::finding::good || upper.value_bytes == 0) return;
    const call_note& note = lower.verdict.note;
    const auto step = static_cast<index_t>(note.element_bytes);
    if (lower.value_bytes == 0)
        copy_bytes(lower.values, upper.values, upper.value_bytes);
    else
        kernel(lower.values, step, upper.values, step, static_cast<index_t>(note.count), nullptr);
    lower.value_bytes = upper.value_bytes;
}

// Combines what two neighbouring groups of nodes have; the result is this node's.
void combine_values(std::span<std::byte> mine, std::span<std::byte> theirs, bool is_upper,
                    std::size_t element_bytes, run_kernel kernel) {
    const auto step = static_cast<index_t>(element_bytes);
    for (std::size_t at = 0; at < mine.size(); at += block_bytes) {
        const std::size_t bytes = std::min(block_bytes, mine.size() - at);
        std::byte *const lower = is_upper ? &theirs[at] : &mine[at], *const upper =
                                                                         is_upper ? &mine[at]
                                                                                  : &theirs[at];
        kernel(lower, step, upper, step, static_cast<index_t>(bytes / element_bytes), nullptr);
        if (is_upper) copy_bytes(upper, lower, bytes);
    }
}

std::span<std::byte> part_of(std::span<std::byte> all, std::size_t at, std::size_t bytes) {
    const std::size_t begin = std::min(at, all.size());
    return all.subspan(begin, std::min(bytes, all.size() - begin));
}

} // namespace

leader_exchange::leader_exchange(team_core& team)
    : team_(team),
      nodes_(team.placement()->nodes()),
      node_(team.node()),
      pairs_(nodes_, node_),
      outcome_(std::make_unique<rendezvous::outcome>()) {}

void leader_exchange::receive(bytes_span to, int node) {
    for (std::size_t at = 0; at < to.size(); at += piece_bytes) {
        peers_.push_back(team_.placement()->first_rank(node));
        mpi_check(MPI_Irecv(&to[at], static_cast<int>(std::min(piece_bytes, to.size() - at)),
                            MPI_BYTE, peers_.back(), tags::leader_values, team_.traffic(),
                            &open_.emplace_back(MPI_REQUEST_NULL)),
                  "MPI_Irecv");
    }
}

void leader_exchange::send(bytes_span from, int node) {
    for (std::size_t at = 0; at < from.size(); at += piece_bytes) {
        peers_.push_back(team_.placement()->first_rank(node));
        mpi_check(MPI_Isend(&from[at], static_cast<int>(std::min(piece_bytes, from.size() - at)),
                            MPI_BYTE, peers_.back(), tags::leader_values, team_.traffic(),
                            &open_.emplace_back(MPI_REQUEST_NULL)),
                  "MPI_Isend");
    }
}

// Values may make a message longer than a piece. The first piece tells how many bytes there are,
// and all of them are on their way by then.
void leader_exchange::receive_outcome(int node) {
    const bytes_span theirs{reinterpret_cast<std::byte*>(outcome_.get()), sizeof *outcome_};
    receive(theirs.first(std::min(piece_bytes, theirs.size())), node);
    wait_for(open_.size() - 1, open_.size());
    receive(part_of(outcome_->message(), piece_bytes, theirs.size()), node);
    wait();
}

// Whoever has the result has it of all nodes: so nobody leaves before all have come.
void leader_exchange::settle(rendezvous::outcome& mine, run_kernel kernel, const occasion& why) {
    why_ = why;
    team_.begin_call(why);
    const int other = pairs_.other();
    if (pairs_.stands_back()) {
        send(mine.message(), other);
        receive_outcome(other);
        mine.copy(*outcome_);
        return;
    }
    if (other >= 0) {
        receive_outcome(other);
        join(mine, *outcome_, kernel);
    }
    for (int distance = 1; distance < pairs_.groups(); distance *= 2) {
        send(mine.message(), pairs_.partner(distance));
        receive_outcome(pairs_.partner(distance));
        if (!pairs_.is_upper(distance)) {
            join(mine, *outcome_, kernel);
        } else {
            join(*outcome_, mine, kernel);
            mine.copy(*outcome_);
        }
    }
    if (other < 0) return;
    send(mine.message(), other);
    wait();
}

// Sends another node what that one combines, and combines what it sends of `mine`, group by group.
void leader_exchange::meet(const meeting& with, bytes_span mine, bytes_span theirs) {
    if (values_.size() < mine.size()) values_.resize(mine.size());
    const bytes_span come{values_.data(), mine.size()};
    std::vector<std::size_t> ends; // of the groups' requests
    for (std::size_t at = 0; at < std::max(mine.size(), theirs.size()); at += group_bytes) {
        receive(part_of(come, at, group_bytes), with.node);
        send(part_of(theirs, at, group_bytes), with.node);
        ends.push_back(open_.size());
    }
    for (std::size_t k = 0; k < ends.size(); ++k) { // what is sent may be what changes next
        wait_for(k == 0 ? 0 : ends[k - 1], ends[k]);
        combine_values(part_of(mine, k * group_bytes, group_bytes),
                       part_of(come, k * group_bytes, group_bytes), with.is_upper,
                       with.element_bytes, with.kernel);
    }
    forget_requests();
}

void leader_exchange::combine(std::byte* values, std::size_t bytes, std::size_t element_bytes,
                              run_kernel kernel) {
    const bytes_span all{values, bytes};
    const int other = pairs_.other();
    if (pairs_.stands_back()) {
        send(all, other);
        wait();
        receive(all, other);
        return wait();
    }
    if (other >= 0) meet({other, false, element_bytes, kernel}, all, {});
    std::vector<bytes_span> halved; // what there was before each halving
    bytes_span mine = all;
    int distance = 1;
    for (; distance < pairs_.groups(); distance *= 2) {
        const meeting with{pairs_.partner(distance), pairs_.is_upper(distance), element_bytes,
                           kernel};
        const bool is_last = distance * 2 == pairs_.groups();
        if (is_last || bytes >> halved.size() <= whole_up_to_bytes) {
            meet(with, mine, mine);
            continue;
        }
        const std::size_t half = mine.size() / element_bytes / 2 * element_bytes;
        const bytes_span lower = mine.first(half), upper = mine.subspan(half);
        halved.push_back(mine);
        mine = with.is_upper ? upper : lower;
        meet(with, mine, with.is_upper ? lower : upper);
    }
    spread(halved, mine);
    if (other < 0) return;
    send(all, other);
    wait();
}

// Halvings were in the first rounds.
void leader_exchange::spread(const std::vector<bytes_span>& halved, bytes_span mine) {
    for (std::size_t k = halved.size(); k-- > 0;) {
        const bytes_span whole = halved[k];
        const int node = pairs_.partner(1 << k);
        const bool is_upper = pairs_.is_upper(1 << k);
        receive(is_upper ? whole.first(whole.size() - mine.size()) : whole.subspan(mine.size()),
                node);
        send(mine, node);
        wait();
        mine = whole;
    }
}

// Sends along a binomial tree over the nodes, which begins at the root's node, piece by piece: a
// node passes on one piece while it receives the next.
void leader_exchange::broadcast(std::byte* values, std::size_t bytes, int root_node) {
    const bytes_span all{values, bytes};
    const int me = (node_ - root_node + nodes_) % nodes_;
    const auto node_at = [&](int place) { return (place + root_node) % nodes_; };
    int above = 1; // the power of two that is my lowest bit; behind all nodes for the root
    while (above < nodes_ && (me & above) == 0) above *= 2;
    if (me != 0) receive(all, node_at(me - above));
    for (std::size_t at = 0, piece = 0; at < bytes; at += piece_bytes, ++piece) {
        if (me != 0) wait_for(piece, piece + 1);
        for (int below = above / 2; below > 0; below /= 2)
            if (me + below < nodes_)
                send(all.subspan(at, std::min(piece_bytes, bytes - at)), node_at(me + below));
    }
    wait();
}

// Waits for these requests only.
void leader_exchange::wait_for(std::size_t begin, std::size_t end) {
    team_.wait(
        std::span(open_).subspan(begin, end - begin), why_,
        [&](std::size_t i) { return peers_[begin + i]; }, or_waits_for_others);
}

// A rank may send its part and then leave: after a loss the wait goes on for a while.
void leader_exchange::wait() {
    wait_for(0, open_.size());
    forget_requests();
}

void leader_exchange::forget_requests() noexcept {
    open_.clear();
    peers_.clear();
}

} // namespace nodespan::detail
