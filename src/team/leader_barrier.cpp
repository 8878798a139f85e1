#include "leader_barrier.hpp"

#include "host_name.hpp"
#include "nodespan/error.hpp"
#include "tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

// How the leaders of nodes meet: by dissemination, as ranks do in node_barrier, with messages in
// place of words. In round k each leader sends what it knows to the leader 2^k nodes after it, and
// receives from the one 2^k before it. MPI keeps messages of one pair in order, so rounds and
// meetings need no numbers in their messages.
//
// A leader that leaves sends all others one more message (tags::abandoned) with the number of
// meetings that it has reached. It does not wait for them to be received. The others look for such
// a message in every wait. They miss that leader only in meetings after that number: in earlier
// ones it has sent, or its node will have sent, all that they wait for. A wait for a later meeting
// throws errc::peer_lost.
//
// A round that fails does not end the meeting: the leader goes on and sends what it knows, because
// another leader waits for each of its messages. The memory of messages that may still be under way
// is leaked, not reused. A leader that dies without unwinding sends nothing; the watchdog then says
// for which node the others wait.

namespace nodespan::detail {
namespace {

constexpr int nobody = -1;

} // namespace

leader_barrier::leader_barrier(MPI_Comm comm, const placement& ranks, int node,
                               node_barrier& own_node, bool oversubscribed, const far_ends& ends)
    : comm_(comm),
      ranks_(&ranks),
      node_(node),
      own_node_(&own_node),
      oversubscribed_(oversubscribed),
      ends_(&ends),
      order_(comm, ranks, node) {
    words_.emplace();
}

// The kinds of calls: one word is the largest for the largest kind, the other for the smallest, and
// each for the first node that came for it. So all leaders see at the end of a meeting whether its
// calls differ, and agree on what they do then.
bool leader_barrier::maximum(agreed_words& words, const occasion& why) {
    constexpr std::size_t largest = std::tuple_size_v<agreed_words>, smallest = largest + 1;
    constexpr std::uint64_t low_half = 0xffffffff;
    const std::uint64_t before_others = low_half - static_cast<std::uint64_t>(node_);
    const std::uint64_t kind = why.operation.kind;
    message all{};
    std::copy(words.begin(), words.end(), all.begin());
    all[largest] = kind << 32 | before_others;
    all[smallest] = (low_half - kind) << 32 | before_others;
    const bool good = combine(all, why);
    std::copy_n(all.begin(), words.size(), words.begin());
    if (good && all[largest] >> 32 != low_half - (all[smallest] >> 32))
        throw_mixed(static_cast<int>(low_half - (all[largest] & low_half)),
                    static_cast<int>(low_half - (all[smallest] & low_half)), why);
    return good;
}

void leader_barrier::throw_mixed(int node, int other, const occasion& why) {
    const std::string mine = why.text();
    const std::string first = text_of(node, mine, why);
    const std::string text =
        mixed_calls::message(leader_of(node), first, leader_of(other), text_of(other, mine, why));
    own_node_->tell_mixed(text);
    throw error(errc::mismatched_arguments, text);
}

// In meetings to which all other nodes bring zeros. Cut to what two of them carry.
std::string leader_barrier::text_of(int node, const std::string& mine, const occasion& why) {
    std::string result(2 * sizeof(message), '\0');
    if (node == node_)
        result.replace(0, std::min(mine.size(), result.size()), mine, 0, result.size());
    result.resize(2 * sizeof(message));
    for (std::size_t at = 0; at < result.size(); at += sizeof(message)) {
        message part{};
        std::memcpy(part.data(), &result[at], sizeof part);
        combine(part, why);
        std::memcpy(&result[at], part.data(), sizeof part);
    }
    return result.c_str();
}

// Replaces all words by their maximum. Goes on after a round that fails. If the meeting failed, its
// messages keep their memory.
bool leader_barrier::combine(message& mine, const occasion& why) {
    ++met_;
    order_.begin(why.operation);
    const int nodes = ranks_->nodes();
    round_words& memory = **words_;
    bool good = true;
    words_->lend();
    for (int distance = 1, round = 0; distance < nodes; distance *= 2, ++round) {
        const auto k = static_cast<std::size_t>(round);
        const int before = (node_ + nodes - distance) % nodes;
        const int after = (node_ + distance) % nodes;
        constexpr auto count = static_cast<int>(std::tuple_size_v<message>);
        memory.sent[k] = mine;
        memory.received[k] = {};
        std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        good &= MPI_Irecv(memory.received[k].data(), count, MPI_UINT64_T, leader_of(before),
                          tags::meeting_words, comm_, &requests[0]) == MPI_SUCCESS;
        good &= MPI_Isend(memory.sent[k].data(), count, MPI_UINT64_T, leader_of(after),
                          tags::meeting_words, comm_, &requests[1]) == MPI_SUCCESS;
        good &= finish(requests, why, before);
        for (std::size_t i = 0; i < mine.size(); ++i)
            mine[i] = std::max(mine[i], memory.received[k][i]);
    }
    if (good)
        words_->mine_again();
    else
        words_.emplace();
    return good;
}

bool leader_barrier::broadcast(std::byte* data, std::size_t bytes, int root, MPI_Comm leaders,
                               const occasion& why) {
    constexpr std::size_t at_once = std::size_t{1} << 30; // MPI counts in int
    bool good = true;
    ++met_;
    order_.begin(why.operation);
    for (std::size_t at = 0; at < bytes; at += at_once) {
        const auto count = static_cast<int>(std::min(at_once, bytes - at));
        MPI_Request request = MPI_REQUEST_NULL;
        good &= MPI_Ibcast(data + at, count, MPI_BYTE, root, leaders, &request) == MPI_SUCCESS;
        good &= finish({&request, 1}, why, root == node_ ? nobody : root);
    }
    return good;
}

bool leader_barrier::finish(std::span<MPI_Request> requests, const occasion& why, int from_node) {
    watchdog watch;
    grace_period grace;
    return wait_for(requests, pause(oversubscribed_), [&] {
               progress();
               const bool is_overdue = watch.is_overdue();
               throw_if_mixed(why, watch.seconds());
               // A node that was told of mixed calls leaves, and may be heard before what was told.
               if (is_lost() && grace.is_over()) throw_lost(why);
               if (is_overdue) complain(watch, why, from_node);
           }) == MPI_SUCCESS;
}

void leader_barrier::throw_if_mixed(const occasion& why, double seconds) {
    const std::optional<std::string> verdict = order_.look(why, seconds);
    if (!verdict) return;
    own_node_->tell_mixed(*verdict);
    throw error(errc::mismatched_arguments, *verdict);
}

void leader_barrier::progress() {
    int has_message = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tags::abandoned, comm_, &has_message, &status) != MPI_SUCCESS ||
        has_message == 0)
        return;
    lent_memory<std::uint64_t> met;
    MPI_Request request = MPI_REQUEST_NULL;
    met.lend();
    if (MPI_Irecv(&*met, 1, MPI_UINT64_T, status.MPI_SOURCE, tags::abandoned, comm_, &request) !=
            MPI_SUCCESS ||
        wait_for({&request, 1}, pause(oversubscribed_), [] {}) != MPI_SUCCESS)
        return;
    met.mine_again();
    if (lost_node_ >= 0 && *met >= lost_after_) return;
    lost_node_ = ranks_->node_of(status.MPI_SOURCE);
    lost_after_ = *met;
    own_node_->report_loss(); // ranks of this node may wait for messages of that node
}

// A leader that reached this meeting before it left is not missing yet.
bool leader_barrier::is_lost() const noexcept {
    return lost_node_ >= 0 && lost_after_ < met_;
}

void leader_barrier::throw_lost(const occasion& why) const {
    throw error(errc::peer_lost,
                fmt::format("{}: a rank of node {} left by an exception and will not come",
                            why.text(), lost_node_));
}

void leader_barrier::abandon() noexcept {
    if (told_) return;
    told_ = true;
    tell_abandoned(comm_, *ranks_, node_, met_);
}

// Does not wait. The number says how often this leader has met the others. It is leaked, since this
// rank does not learn when MPI has sent it.
void leader_barrier::tell_abandoned(MPI_Comm comm, const placement& ranks, int node,
                                    std::uint64_t met) noexcept {
    const auto* told = new (std::nothrow) std::uint64_t(met);
    for (int other = 0; told != nullptr && other < ranks.nodes(); ++other) {
        MPI_Request request = MPI_REQUEST_NULL;
        if (other != node && MPI_Isend(told, 1, MPI_UINT64_T, ranks.first_rank(other),
                                       tags::abandoned, comm, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
}

void leader_barrier::complain(const watchdog& watch, const occasion& why, int from_node) const {
    const std::string whom = from_node == nobody ? std::string("other nodes")
                                                 : ends_->text(from_node) + or_waits_for_others;
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why.text(),
                               leader_of(node_), watch.seconds(), host_name(), whom));
}

} // namespace nodespan::detail
