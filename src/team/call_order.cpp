#include "call_order.hpp"

#include "mixed_calls.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "tags.hpp"

#include <algorithm>
#include <cstring>
#include <new>

// Calls that meet compare their kinds there. Those of different rooms, such as a fence and an
// all_reduce, have messages of their own, and each would wait for ever for those of the other. So a
// leader that has waited for a second in a call tells the leaders of the next node and of the node
// before which call it is in: its number, its kind, its text. Whoever waits in a call of the same
// number and another kind knows that neither will end, and tells all others.
//
// Nobody is accused wrongly: a number stands for one call of the team, which has one kind. It is
// always found: no node gets further than the first call that is mixed, so in the ring of nodes
// two neighbours wait in it with different kinds; the one that comes later tells the other, which
// waits already.

namespace nodespan::detail {
namespace {

constexpr double long_wait = 1; // seconds; a busy machine may be late as well

} // namespace

call_order::~call_order() {
    if (!mpi_is_alive()) return;
    const mpi_turn ending; // of a team, whose destructor is over
    int are_done = 0;
    if (MPI_Testall(2, status_->requests.data(), &are_done, MPI_STATUSES_IGNORE) == MPI_SUCCESS &&
        are_done != 0)
        status_.mine_again();
}

std::optional<std::string> call_order::look(const occasion& why, double seconds) {
    if (why.operation.kind != kind_) return std::nullopt;
    if (auto verdict = hear(why)) return verdict;
    if (seconds > long_wait && told_ != number_) tell_neighbours(why);
    return std::nullopt;
}

std::optional<std::string> call_order::hear(const occasion& why) {
    int has_message = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tags::calls_in_wait, comm_, &has_message, &status) !=
            MPI_SUCCESS ||
        has_message == 0)
        return std::nullopt;
    lent_memory<message> heard;
    MPI_Request request = MPI_REQUEST_NULL;
    heard.lend();
    if (MPI_Irecv(&*heard, sizeof(message), MPI_BYTE, status.MPI_SOURCE, tags::calls_in_wait, comm_,
                  &request) != MPI_SUCCESS ||
        wait_for({&request, 1}, pause(true), [] {}) != MPI_SUCCESS)
        return std::nullopt;
    heard.mine_again();
    heard->text.back() = '\0';
    if (heard->is_verdict != 0) return heard->text.data();
    if (heard->number != number_ || heard->kind == kind_) return std::nullopt;
    std::string verdict = mixed_calls::message(ranks_->first_rank(node_), why.text(),
                                               status.MPI_SOURCE, heard->text.data());
    tell_all(verdict);
    return verdict;
}

call_order::message call_order::about(const std::string& text) const noexcept {
    message result{number_, kind_, 0, {}};
    std::memcpy(result.text.data(), text.data(), std::min(text.size(), result.text.size() - 1));
    return result;
}

// What was told before may still be under way; its memory is used again only after it.
void call_order::tell_neighbours(const occasion& why) {
    int are_done = 0;
    if (MPI_Testall(2, status_->requests.data(), &are_done, MPI_STATUSES_IGNORE) != MPI_SUCCESS ||
        are_done == 0)
        return;
    status_->sent = about(why.text());
    status_.lend();
    const int nodes = ranks_->nodes();
    bool are_told = true;
    for (int side = 0; side < std::min(2, nodes - 1); ++side) {
        const int node = (node_ + (side == 0 ? 1 : nodes - 1)) % nodes;
        are_told &= MPI_Isend(&status_->sent, sizeof(message), MPI_BYTE, ranks_->first_rank(node),
                              tags::calls_in_wait, comm_,
                              &status_->requests[static_cast<std::size_t>(side)]) == MPI_SUCCESS;
    }
    if (are_told) told_ = number_; // otherwise once more, at the next look
}

// Does not wait. The text is leaked, since this rank does not learn when MPI has sent it.
void call_order::tell_all(const std::string& verdict) const noexcept {
    auto* const told = new (std::nothrow) message(about(verdict));
    if (told == nullptr) return;
    told->is_verdict = 1;
    for (int other = 0; other < ranks_->nodes(); ++other) {
        MPI_Request request = MPI_REQUEST_NULL;
        if (other != node_ && MPI_Isend(told, sizeof(message), MPI_BYTE, ranks_->first_rank(other),
                                        tags::calls_in_wait, comm_, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
}

} // namespace nodespan::detail
