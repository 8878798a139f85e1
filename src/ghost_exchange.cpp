#include "ghost_exchange.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "pieces.hpp"
#include "strided.hpp"
#include "wait.hpp"

namespace nodespan::detail {
namespace {

constexpr index_t largest_bytes = index_t{1} << 30; // of a message: MPI counts in int
constexpr index_t small_bytes = 64 * 1024;          // below this leaders alone talk

index_t bytes_of(const box<dynamic>& part, std::size_t element_bytes) {
    return part.size() * static_cast<index_t>(element_bytes);
}

// Which of a node's ranks sees to its part of what two nodes exchange: for both nodes the same
// arithmetic, so that both know both ranks.
int rank_for(const placement& ranks, int node, int from, int to, int image, index_t bytes) {
    const int first = ranks.first_rank(node);
    if (bytes < small_bytes) return first;
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

ghost_exchange::ghost_exchange(const array_place& place) : place_(place) {
    const team_core& team = *place_.team;
    const placement& ranks = *team.ranks();
    const int here = team.node();
    strides_ = dense_strides(with_ghosts(place_.cut->node_box(here), place_.ghosts).extents(),
                             place_.element_bytes);
    const index_t most =
        std::max<index_t>(1, largest_bytes / static_cast<index_t>(place_.element_bytes));
    nothing_to_do_ = ranks.nodes() == 1;
    int lane = 0;
    for (const ghost_piece& piece : ghost_receives(*place_.cut, place_.ghosts, here)) {
        if (piece.node == here) {
            nothing_to_do_ = false;
            if (lane++ % team.node_size() == team.node_rank())
                copies_.push_back(
                    {piece.ghost.extents(), address(piece.source), address(piece.ghost)});
            continue;
        }
        const index_t bytes = bytes_of(piece.ghost, place_.element_bytes);
        if (rank_for(ranks, here, piece.node, here, piece.image, bytes) != team.rank()) continue;
        const int peer = rank_for(ranks, piece.node, piece.node, here, piece.image, bytes);
        for (const box<dynamic>& part : pieces(piece.ghost, most))
            add_message(receives_, part, peer, piece.image);
    }
    for (const ghost_piece& piece : ghost_sends(*place_.cut, place_.ghosts, here)) {
        if (piece.node == here) continue;
        const index_t bytes = bytes_of(piece.source, place_.element_bytes);
        if (rank_for(ranks, here, here, piece.node, piece.image, bytes) != team.rank()) continue;
        const int peer = rank_for(ranks, piece.node, here, piece.node, piece.image, bytes);
        for (const box<dynamic>& part : pieces(piece.source, most))
            add_message(sends_, part, peer, piece.image);
    }
}

ghost_exchange::~ghost_exchange() {
    if (is_started_ || !mpi_is_alive()) return; // somebody still fills or reads our memory: leak
    for (MPI_Request& request : requests_) MPI_Request_free(&request);
}

std::byte* ghost_exchange::address(const box<dynamic>& part) const {
    const int here = place_.team->node();
    return place_.where.data - place_.where.offset + find_on_node(place_, here, part).offset;
}

ghost_exchange::message ghost_exchange::make_message(const box<dynamic>& part) const {
    message result{part.extents(), address(part), strides_, nullptr};
    if (!is_dense(result.extents, strides_, place_.element_bytes))
        result.dense = std::make_unique_for_overwrite<std::byte[]>(
            static_cast<std::size_t>(bytes_of(part, place_.element_bytes)));
    return result;
}

void ghost_exchange::add_message(std::vector<message>& list, const box<dynamic>& part, int peer,
                                 int tag) {
    list.push_back(make_message(part));
    const message& m = list.back();
    void* const memory = m.dense ? m.dense.get() : m.data;
    const int bytes = static_cast<int>(bytes_of(part, place_.element_bytes));
    const MPI_Comm comm = place_.team->traffic();
    requests_.push_back(MPI_REQUEST_NULL);
    if (&list == &receives_)
        mpi_check(MPI_Recv_init(memory, bytes, MPI_BYTE, peer, tag, comm, &requests_.back()),
                  "MPI_Recv_init");
    else
        mpi_check(MPI_Send_init(memory, bytes, MPI_BYTE, peer, tag, comm, &requests_.back()),
                  "MPI_Send_init");
}

// What this node's ranks wrote is complete after the fence, and nobody reads the old ghosts.
void ghost_exchange::start() {
    place_.team->node_fence();
    if (nothing_to_do_) return;
    is_started_ = true;
    failure_ = attempt([this] { post(); });
}

void ghost_exchange::post() {
    const auto receives = static_cast<int>(receives_.size());
    const auto sends = static_cast<int>(sends_.size());
    if (receives > 0) mpi_check(MPI_Startall(receives, requests_.data()), "MPI_Startall");
    for (const message& m : sends_)
        if (m.dense)
            copy_patch(m.extents, place_.element_bytes, m.dense.get(),
                       dense_strides(m.extents, place_.element_bytes), m.data, m.strides);
    if (sends > 0) mpi_check(MPI_Startall(sends, requests_.data() + receives), "MPI_Startall");
    for (const copy& c : copies_)
        copy_patch(c.extents, place_.element_bytes, c.to, strides_, c.from, strides_);
}

void ghost_exchange::finish() {
    if (!is_started_) return;
    if (!failure_) failure_ = attempt([this] { wait(); });
    is_started_ = failure_.has_value(); // then what is under way is leaked
    place_.team->node_fence(failure_);
}

// A rank that has left may have sent its part before: it is missed only after a while.
void ghost_exchange::wait() {
    constexpr int grace = 10'000;
    const bool crowded = place_.team->is_crowded();
    int tries_since_loss = 0;
    for (int tries = 1; !requests_.empty(); ++tries) {
        int done = 0;
        mpi_check(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done,
                              MPI_STATUSES_IGNORE),
                  "MPI_Testall");
        if (done != 0) break;
        if (tries_since_loss > 0 || tries % 64 == 0)
            tries_since_loss += place_.team->is_anyone_lost() ? 1 : 0;
        if (tries_since_loss > grace)
            throw error(errc::peer_lost,
                        "exchange_ghosts: a rank left by an exception and will not come");
        if (crowded || tries > 200) yield_core();
    }
    for (const message& m : receives_)
        if (m.dense)
            copy_patch(m.extents, place_.element_bytes, m.data, m.strides, m.dense.get(),
                       dense_strides(m.extents, place_.element_bytes));
}

} // namespace nodespan::detail
