#include "leader_meeting.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace nodespan::detail {
namespace {

constexpr int tag_words = 32766;
constexpr int tag_abandoned = 32767; // "a rank of my node left by an exception"
constexpr int nobody = -1;

} // namespace

leader_meeting::leader_meeting(MPI_Comm comm, const placement& ranks, int node,
                               node_barrier& own_node, bool crowded,
                               std::vector<std::string> host_names)
    : comm_(comm),
      ranks_(&ranks),
      node_(node),
      own_node_(&own_node),
      crowded_(crowded),
      host_names_(std::move(host_names)) {}

std::vector<int> leader_meeting::heard_from(int node, int nodes) {
    std::vector<int> result;
    for (std::int64_t distance = 1; distance < nodes; distance *= 2)
        result.push_back(static_cast<int>((node + nodes - distance) % nodes));
    return result;
}

// In round k everyone hears from the node 2^k before, as ranks do in node_barrier. A round that
// fails does not keep this node from the others: some leader waits for each of its messages.
bool leader_meeting::maximum(agreed_words& words, const occasion& why) {
    ++met_;
    const int nodes = ranks_->nodes();
    auto& out = sent_[met_ % 2];
    auto& in = received_[met_ % 2];
    bool good = true;
    for (int distance = 1, round = 0; distance < nodes; distance *= 2, ++round) {
        const auto k = static_cast<std::size_t>(round);
        const int before = (node_ + nodes - distance) % nodes;
        const int after = (node_ + distance) % nodes;
        constexpr auto count = static_cast<int>(std::tuple_size_v<agreed_words>);
        out[k] = words;
        in[k] = {};
        std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        good &= MPI_Irecv(in[k].data(), count, MPI_UINT64_T, leader_of(before), tag_words, comm_,
                          &requests[0]) == MPI_SUCCESS;
        good &= MPI_Isend(out[k].data(), count, MPI_UINT64_T, leader_of(after), tag_words, comm_,
                          &requests[1]) == MPI_SUCCESS;
        good &= finish(requests.data(), 2, why, before);
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = std::max(words[i], in[k][i]);
    }
    return good;
}

bool leader_meeting::broadcast(std::byte* data, std::size_t bytes, int root, MPI_Comm leaders,
                               const occasion& why) {
    constexpr std::size_t at_once = std::size_t{1} << 30; // MPI counts in int
    bool good = true;
    ++met_;
    for (std::size_t at = 0; at < bytes; at += at_once) {
        const auto count = static_cast<int>(std::min(at_once, bytes - at));
        MPI_Request request = MPI_REQUEST_NULL;
        good &= MPI_Ibcast(data + at, count, MPI_BYTE, root, leaders, &request) == MPI_SUCCESS;
        good &= finish(&request, 1, why, nobody);
    }
    return good;
}

// Waits; offers the core to others meanwhile.
bool leader_meeting::finish(MPI_Request* requests, int count, const occasion& why, int from_node) {
    watchdog watch;
    for (pause p(crowded_);; p.wait()) {
        int done = 0;
        if (MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return false;
        if (done != 0) return true;
        if (!p.is_slow()) continue;
        progress();
        throw_if_lost(why);
        if (watch.is_overdue()) complain(watch, why, from_node);
    }
}

void leader_meeting::progress() {
    int has_message = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag_abandoned, comm_, &has_message, &status) != MPI_SUCCESS ||
        has_message == 0)
        return;
    std::uint64_t met = 0;
    if (MPI_Recv(&met, 1, MPI_UINT64_T, status.MPI_SOURCE, tag_abandoned, comm_,
                 MPI_STATUS_IGNORE) != MPI_SUCCESS ||
        (lost_node_ >= 0 && met >= lost_after_))
        return;
    lost_node_ = ranks_->node_of(status.MPI_SOURCE);
    lost_after_ = met;
    own_node_->report_loss(); // ranks of this node may wait for a message of that one
}

// A leader that came to this meeting before it left is not missed yet.
void leader_meeting::throw_if_lost(const occasion& why) const {
    if (lost_node_ < 0 || lost_after_ >= met_) return;
    throw error(errc::peer_lost,
                fmt::format("{}: a rank of node {} left by an exception and will not come",
                            why.text(), lost_node_));
}

void leader_meeting::abandon() noexcept {
    if (told_) return;
    told_ = true;
    tell_abandoned(comm_, *ranks_, node_, met_);
}

// Nothing here waits. The number says how often this leader has met the others; it is leaked, since
// nobody will know when MPI has sent it.
void leader_meeting::tell_abandoned(MPI_Comm comm, const placement& ranks, int node,
                                    std::uint64_t met) noexcept {
    const auto* told = new (std::nothrow) std::uint64_t(met);
    for (int other = 0; told != nullptr && other < ranks.nodes(); ++other) {
        MPI_Request request = MPI_REQUEST_NULL;
        if (other != node && MPI_Isend(told, 1, MPI_UINT64_T, ranks.first_rank(other),
                                       tag_abandoned, comm, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
}

void leader_meeting::complain(const watchdog& watch, const occasion& why, int from_node) const {
    std::string whom = "other nodes";
    if (from_node != nobody) {
        const std::vector<int> heard = heard_from(node_, ranks_->nodes());
        const auto round = std::find(heard.begin(), heard.end(), from_node) - heard.begin();
        const int first = leader_of(from_node);
        std::vector<int> ranks;
        for (int i = 0; i < ranks_->node_size(from_node); ++i) ranks.push_back(first + i);
        whom = fmt::format("node {} on host {}, {}: one of them has not come, or waits for others",
                           from_node, host_names_[static_cast<std::size_t>(round)],
                           list_of_ranks(ranks));
    }
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why.text(),
                               leader_of(node_), watch.seconds(), host_name(), whom));
}

} // namespace nodespan::detail
