#include "leader_exchange.hpp"

#include "mpi_check.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "tags.hpp"

#include <algorithm>

namespace nodespan::detail {
namespace {

constexpr std::size_t piece_bytes = 63 * 1024;

} // namespace

leader_exchange::leader_exchange(team_core& team)
    : team_(team),
      nodes_(team.placement()->nodes()),
      node_(team.node()) {}

// In round k every node hears from the node 2^k before it, which knows of as many nodes by then
// (Bruck et al. 1997); so each wait is for one known node. Until the end, place i is for node_ - i.
void leader_exchange::gather_outcomes(const rendezvous::outcome& mine) {
    outcomes_.resize(static_cast<std::size_t>(nodes_));
    outcomes_[0] = mine;
    for (int known = 1; known < nodes_; known *= 2) {
        const auto count = static_cast<std::size_t>(std::min(known, nodes_ - known));
        const std::size_t bytes = count * sizeof(rendezvous::outcome);
        receive(reinterpret_cast<std::byte*>(&outcomes_[static_cast<std::size_t>(known)]), bytes,
                (node_ - known + nodes_) % nodes_);
        send(reinterpret_cast<const std::byte*>(outcomes_.data()), bytes, (node_ + known) % nodes_);
        wait();
    }
    std::reverse(outcomes_.begin(), outcomes_.end()); // node_ + 1, ..., node_
    std::rotate(outcomes_.begin(), outcomes_.end() - 1 - node_, outcomes_.end());
}

void leader_exchange::settle(rendezvous::outcome& mine, run_kernel kernel, int root_node,
                             const occasion& why) {
    why_ = why;
    team_.begin_call(why);
    gather_outcomes(mine);

    mine = outcomes_.front();
    call_verdict& verdict = mine.verdict;
    for (const rendezvous::outcome& other : outcomes_) {
        if (verdict.what != call_verdict::finding::good) return;
        if (other.verdict.what != call_verdict::finding::good) {
            verdict = other.verdict;
        } else if (!other.verdict.note.agrees_with(verdict.note)) {
            verdict.what = call_verdict::finding::mismatch;
            verdict.other_note = other.verdict.note;
            verdict.other_rank = other.verdict.rank;
        }
    }
    const call_note& note = verdict.note;
    if (verdict.what != call_verdict::finding::good || note.bytes() > sizeof mine.values) return;
    if (note.name == collective_call::name_type::broadcast) {
        if (root_node >= 0)
            copy_bytes(mine.values, outcomes_[static_cast<std::size_t>(root_node)].values,
                       note.bytes());
    } else if (kernel != nullptr) {
        for (std::size_t n = 1; n < outcomes_.size(); ++n)
            kernel(mine.values, static_cast<index_t>(note.element_bytes), outcomes_[n].values,
                   static_cast<index_t>(note.element_bytes), static_cast<index_t>(note.count),
                   nullptr);
    }
}

std::byte* leader_exchange::part(std::byte* values, int node, std::size_t bytes,
                                 std::size_t unit) const {
    return values +
           bytes / unit * static_cast<std::size_t>(node) / static_cast<std::size_t>(nodes_) * unit;
}

// Receives in pieces that TCP sends at once; longer messages need steps that wait for each other.
void leader_exchange::receive(std::byte* to, std::size_t bytes, int node) {
    for (std::size_t at = 0; at < bytes; at += piece_bytes) {
        peers_.push_back(team_.placement()->first_rank(node));
        mpi_check(MPI_Irecv(to + at, static_cast<int>(std::min(piece_bytes, bytes - at)), MPI_BYTE,
                            peers_.back(), tags::leader_values, team_.traffic(),
                            &open_.emplace_back(MPI_REQUEST_NULL)),
                  "MPI_Irecv");
    }
}

void leader_exchange::send(const std::byte* from, std::size_t bytes, int node) {
    for (std::size_t at = 0; at < bytes; at += piece_bytes) {
        peers_.push_back(team_.placement()->first_rank(node));
        mpi_check(MPI_Isend(from + at, static_cast<int>(std::min(piece_bytes, bytes - at)),
                            MPI_BYTE, peers_.back(), tags::leader_values, team_.traffic(),
                            &open_.emplace_back(MPI_REQUEST_NULL)),
                  "MPI_Isend");
    }
}

// Combines one part from all nodes with this node's own.
void leader_exchange::combine_parts(std::byte* mine, std::size_t bytes, std::size_t element_bytes,
                                    run_kernel kernel) {
    const auto step = static_cast<index_t>(element_bytes);
    copy_bytes(part_from(node_, bytes), mine, bytes);
    for (int node = 1; node < nodes_; ++node)
        kernel(part_from(0, bytes), step, part_from(node, bytes), step,
               static_cast<index_t>(bytes / element_bytes), nullptr);
    copy_bytes(mine, part_from(0, bytes), bytes);
}

// With two nodes or few bytes, each node sends all to all others and combines all itself, so there
// is only one message to wait for. Otherwise every node combines one part and sends the result to
// all.
void leader_exchange::combine(std::byte* values, std::size_t bytes, std::size_t element_bytes,
                              run_kernel kernel) {
    constexpr std::size_t whole_up_to = 8 * 1024;
    const bool whole = nodes_ == 2 || bytes <= whole_up_to;
    const auto begin = [&](int node) {
        return whole ? values : part(values, node, bytes, element_bytes);
    };
    const auto length = [&](int node) {
        return whole ? bytes
                     : static_cast<std::size_t>(part(values, node + 1, bytes, element_bytes) -
                                                begin(node));
    };
    const std::size_t mine = length(node_);
    parts_.resize(static_cast<std::size_t>(nodes_) * mine);
    for (int k = 1; k < nodes_; ++k) {
        const int node = (node_ + k) % nodes_;
        receive(part_from(node, mine), mine, node);
        send(begin(node), length(node), node);
    }
    wait();
    if (mine > 0) combine_parts(begin(node_), mine, element_bytes, kernel);
    if (whole) return;
    for (int k = 1; k < nodes_; ++k) {
        const int node = (node_ + k) % nodes_;
        receive(begin(node), length(node), node);
        send(begin(node_), mine, node);
    }
    wait();
}

// Sends along a binomial tree over the nodes, which begins at the root's node, piece by piece: a
// node passes on one piece while it receives the next.
void leader_exchange::broadcast(std::byte* values, std::size_t bytes, int root_node) {
    const int me = (node_ - root_node + nodes_) % nodes_;
    const auto node_at = [&](int place) { return (place + root_node) % nodes_; };
    int above = 1; // the power of two that is my lowest bit; behind all nodes for the root
    while (above < nodes_ && (me & above) == 0) above *= 2;
    if (me != 0) receive(values, bytes, node_at(me - above));
    for (std::size_t at = 0, piece = 0; at < bytes; at += piece_bytes, ++piece) {
        if (me != 0) wait_for(piece);
        for (int below = above / 2; below > 0; below /= 2)
            if (me + below < nodes_)
                send(values + at, std::min(piece_bytes, bytes - at), node_at(me + below));
    }
    wait();
}

// Waits for request `number` only.
void leader_exchange::wait_for(std::size_t number) {
    team_.wait({&open_[number], 1}, why_, [&](std::size_t) { return peers_[number]; });
}

// A rank may send its part and then leave: after a loss the wait goes on for a while.
void leader_exchange::wait() {
    team_.wait(open_, why_, [this](std::size_t i) { return peers_[i]; });
    open_.clear();
    peers_.clear();
}

} // namespace nodespan::detail
