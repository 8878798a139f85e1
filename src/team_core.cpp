#include "team_core.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "nodespan/error.hpp"
#include "wait.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <numeric>
#include <sched.h>
#include <unordered_map>

namespace nodespan::detail {
namespace {

// The team's own on its leaders' communicator: "a rank of my node left by an exception".
constexpr int tag_abandoned = 32767;

// What a rank tells its node of its part in a meeting; the larger number counts.
constexpr std::uint64_t all_went_well = 0, mpi_failed = 1, somebody_is_lost = 2;

std::uint64_t word_of(const std::optional<error>& mine) {
    if (!mine) return all_went_well;
    return mine->code() == errc::peer_lost ? somebody_is_lost : mpi_failed;
}

// Whether the ranks of `node` outnumber the cores they may use, all their masks together.
bool has_too_few_cores(MPI_Comm node) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores); // the safe guess: none
    std::array<unsigned long, sizeof(cpu_set_t) / sizeof(unsigned long)> mine{}, all{};
    std::memcpy(mine.data(), &cores, sizeof cores);
    mpi_check(MPI_Allreduce(mine.data(), all.data(), static_cast<int>(all.size()),
                            MPI_UNSIGNED_LONG, MPI_BOR, node),
              "MPI_Allreduce");
    std::memcpy(&cores, all.data(), sizeof cores);
    int ranks = 0;
    mpi_check(MPI_Comm_size(node, &ranks), "MPI_Comm_size");
    return ranks > CPU_COUNT(&cores);
}

// A leader of a team of several nodes is the target of their transfers, and has to keep MPI going
// also while it waits in another team, of which it may be no leader.
constinit std::atomic<int> led_teams{0};

void serve_other_nodes() noexcept {
    int is_main = 0, has_message = 0;
    if (!mpi_is_alive() || MPI_Is_thread_main(&is_main) != MPI_SUCCESS || is_main == 0) return;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &has_message, MPI_STATUS_IGNORE);
}

void start_serving() {
    ++led_teams;
    set_duty(serve_other_nodes);
}

void stop_serving() {
    if (--led_teams == 0) set_duty(nullptr);
}

// The rank in `comm` of rank `rank` of `part`. No communication.
int translate(MPI_Comm part, int rank, MPI_Comm comm) {
    MPI_Group from = MPI_GROUP_NULL, to = MPI_GROUP_NULL;
    int result = 0;
    mpi_check(MPI_Comm_group(part, &from), "MPI_Comm_group");
    mpi_check(MPI_Comm_group(comm, &to), "MPI_Comm_group");
    mpi_check(MPI_Group_translate_ranks(from, 1, &rank, to, &result), "MPI_Group_translate_ranks");
    mpi_check(MPI_Group_free(&from), "MPI_Group_free");
    mpi_check(MPI_Group_free(&to), "MPI_Group_free");
    return result;
}

} // namespace

// In what follows a collective call comes first in each attempt, and what only this rank does comes
// after it: a rank that fails still takes part in all that the others wait for.

team_core::grouping group_by_node(MPI_Comm comm, int ranks_per_node) {
    MPI_Comm real = MPI_COMM_NULL;
    agree_or_throw(comm, attempt([&] {
                       mpi_check(
                           MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &real),
                           "MPI_Comm_split_type");
                   }));
    team_core::grouping result;
    agree_or_throw(comm, attempt([&] {
                       int me = 0, here = 0, all = 0;
                       result.crowded = has_too_few_cores(real);
                       mpi_check(MPI_Comm_rank(real, &me), "MPI_Comm_rank");
                       mpi_check(MPI_Comm_size(real, &here), "MPI_Comm_size");
                       mpi_check(MPI_Comm_size(comm, &all), "MPI_Comm_size");
                       result.on_one_host = here == all;
                       const int first =
                           ranks_per_node > 0 ? me / ranks_per_node * ranks_per_node : 0;
                       result.label = translate(real, first, comm);
                   }));
    agree_or_throw(comm, attempt([&] { mpi_check(MPI_Comm_free(&real), "MPI_Comm_free"); }));
    return result;
}

team_core::team_core(MPI_Comm comm, const grouping& mine)
    : crowded_(mine.crowded),
      on_one_host_(mine.on_one_host),
      exceptions_(std::uncaught_exceptions()) {
    group(comm, mine.label);
    make_communicators(comm);
    make_meeting_place(comm);
    if (ranks_->nodes() > 1 && is_leader()) start_serving();
}

// Who is on which node: nodes in the order of their first rank in `comm`, ranks inside likewise.
void team_core::group(MPI_Comm comm, int label) {
    int size = 0, me = 0;
    std::vector<int> node_of;
    agree_or_throw(comm, attempt([&] {
                       mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
                       mpi_check(MPI_Comm_rank(comm, &me), "MPI_Comm_rank");
                       node_of.resize(static_cast<std::size_t>(size));
                   }));
    agree_or_throw(comm, attempt([&] {
                       mpi_check(
                           MPI_Allgather(&label, 1, MPI_INT, node_of.data(), 1, MPI_INT, comm),
                           "MPI_Allgather");
                   }));

    std::unordered_map<int, int> numbers;
    std::vector<int> counts;
    for (int& node : node_of) {
        node = numbers.emplace(node, static_cast<int>(numbers.size())).first->second;
        if (static_cast<std::size_t>(node) == counts.size()) counts.push_back(0);
        ++counts[static_cast<std::size_t>(node)];
    }
    std::vector<int> order(node_of.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return node_of[static_cast<std::size_t>(a)] < node_of[static_cast<std::size_t>(b)];
    });
    ranks_ = std::make_shared<const placement>(counts);
    node_ = node_of[static_cast<std::size_t>(me)];
    rank_ = static_cast<int>(std::find(order.begin(), order.end(), me) - order.begin());
    if (!std::is_sorted(order.begin(), order.end())) order_ = std::move(order);
}

void team_core::make_communicators(MPI_Comm comm) {
    const struct {
        int color, key;
    } splits[] = {{0, rank_}, {node_, rank_}, {is_leader() ? 0 : MPI_UNDEFINED, node_}, {0, rank_}};
    const int wanted = ranks_->nodes() > 1 ? 4 : 3;
    for (int i = 0; i < wanted; ++i)
        agree_or_throw(comm, attempt([&] {
                           mpi_check(
                               MPI_Comm_split(comm, splits[i].color, splits[i].key, &handles_[i]),
                               "MPI_Comm_split");
                           if (handles_[i] != MPI_COMM_NULL)
                               mpi_check(MPI_Comm_set_errhandler(handles_[i], MPI_ERRORS_RETURN),
                                         "MPI_Comm_set_errhandler");
                       }));
    using boost::mpi::comm_attach;
    comm_ = {handles_[0], comm_attach};
    node_comm_ = {handles_[1], comm_attach};
    leaders_ = {handles_[2], comm_attach};
}

void team_core::make_meeting_place(MPI_Comm comm) {
    const std::size_t bytes = node_barrier::bytes(node_size());
    agree_or_throw(comm, attempt([&] {
                       meeting_place_ = shared_window(handles_[1], is_leader(), bytes);
                       if (is_leader()) std::memset(meeting_place_.data(), 0, bytes);
                   })); // and now everybody's is cleared
    barrier_.emplace(meeting_place_.data(), node_rank(), node_size(), ranks_->first_rank(node_),
                     crowded_);
}

// Ranks that will not come are not waited for: see the class comment of team.
team_core::~team_core() {
    if (!barrier_ || !mpi_is_alive()) return;
    if (std::uncaught_exceptions() > exceptions_) {
        abandon();
        return;
    }
    try {
        if (agree({word_of(flush_attached())})[0] != all_went_well) return; // on all ranks
    } catch (...) {
        return;
    }
    if (attached) attached->release();
    if (ranks_->nodes() > 1 && is_leader()) stop_serving();
    meeting_place_.free();
    for (int i = 3; i >= 0; --i)
        if (handles_[i] != MPI_COMM_NULL) MPI_Comm_free(&handles_[i]);
}

// Runs a leader's part of a meeting; its node is not left waiting if that throws.
template <class Body>
agreed_words team_core::lead(Body&& body) {
    try {
        const bool alone = ranks_->nodes() == 1;
        const agreed_words result =
            body(barrier_->wait_for_all(alone ? std::function<void()>{} : [this] { progress(); }));
        barrier_->release(result);
        return result;
    } catch (...) {
        abandon();
        throw;
    }
}

// One meeting, which fails on all ranks of the node. Of what its ranks tell, `between_leaders`
// makes what they are told. Where it fails the team has ended: this node comes to no other meeting,
// and other nodes, which may not know or wait for what it had to send, are told so.
template <class Body>
void team_core::meet(const std::optional<error>& mine, const char* operation,
                     Body&& between_leaders) {
    barrier_->arrive({word_of(mine)});
    const agreed_words result = is_leader() ? lead([&](agreed_words words) {
        words[0] = between_leaders(words[0]);
        return words;
    })
                                            : barrier_->wait_for_release();
    if (result[0] == all_went_well) return;
    abandon();
    if (mine) throw *mine;
    if (result[0] == somebody_is_lost)
        throw error(errc::peer_lost,
                    std::string(operation) + ": a rank left by an exception and will not come");
    throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                std::string(operation) + ": MPI failed on this rank or on another one");
}

void team_core::fence() {
    if (ranks_->nodes() == 1)
        barrier_->arrive_and_wait();
    else
        meet(flush_attached(), "fence",
             [this](std::uint64_t word) { return worst_of_leaders(word); });
}

std::optional<error> team_core::flush_attached() {
    if (!attached) return std::nullopt;
    return attempt([this] { attached->flush(); });
}

// In one round: where that fails, other nodes learn of it at the next meeting.
std::uint64_t team_core::worst_of_leaders(std::uint64_t word) {
    reduced_failure_ = word;
    return max_over_leaders(&reduced_failure_, 1) ? reduced_failure_ : mpi_failed;
}

void team_core::node_fence() {
    if (ranks_->nodes() == 1)
        barrier_->arrive_and_wait();
    else
        node_fence(std::nullopt);
}

// Led, so that the leader serves other nodes while it waits.
void team_core::node_fence(const std::optional<error>& mine) {
    meet(mine, "node_fence", [](std::uint64_t word) { return word; });
}

void team_core::led_fence(const std::function<std::optional<error>()>& work) {
    std::optional<error> failure;
    try {
        meet(std::nullopt, "node_fence", [&](std::uint64_t) {
            failure = work();
            return word_of(failure);
        });
    } catch (const error&) {
        if (failure) throw error(*failure);
        throw;
    }
}

void team_core::broadcast(std::byte* data, std::size_t bytes, int root) {
    constexpr std::size_t at_once = std::size_t{1} << 30; // MPI counts in int
    barrier_->arrive({});
    const agreed_words result = is_leader() ? lead([&](agreed_words words) {
        if (ranks_->nodes() == 1) return words;
        for (std::size_t at = 0; at < bytes; at += at_once) {
            const auto count = static_cast<int>(std::min(at_once, bytes - at));
            MPI_Request request = MPI_REQUEST_NULL;
            if (!finish(MPI_Ibcast(data + at, count, MPI_BYTE, root, handles_[2], &request),
                        request))
                words[0] = mpi_failed;
        }
        agree_between_leaders(words);
        return words;
    })
                                            : barrier_->wait_for_release();
    if (result[0] != all_went_well)
        throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                    "broadcast: MPI failed on this rank or on another one", true);
}

bool team_core::is_anyone_lost() {
    progress();
    return barrier_->is_anyone_lost();
}

std::uint64_t team_core::agree_on(const std::optional<error>& mine, std::uint64_t fingerprint,
                                  const std::string& description, std::uint64_t least) {
    const agreed_words all = agree({mine ? 1U : 0U, fingerprint, ~fingerprint, ~least, 0});
    if (all[0] != 0) {
        agree_or_throw(comm_, mine);
        throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                    description + ": ranks could not agree", true);
    }
    if (all[1] != ~all[2]) throw_mismatch(comm_, fingerprint, description);
    return ~all[3];
}

agreed_words team_core::agree(const agreed_words& mine) {
    barrier_->arrive(mine);
    if (!is_leader()) return barrier_->wait_for_release();
    return lead([this](agreed_words words) {
        if (ranks_->nodes() > 1) agree_between_leaders(words);
        return words;
    });
}

// The numbers lie in this object: a reduction that reports an error may still be under way.
bool team_core::max_over_leaders(std::uint64_t* values, int count) {
    MPI_Request request = MPI_REQUEST_NULL;
    const int code =
        MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_UINT64_T, MPI_MAX, handles_[2], &request);
    return finish(code, request);
}

// Two rounds, as in agree_or_throw: one failing MPI call cannot split the ranks.
void team_core::agree_between_leaders(agreed_words& words) {
    reduced_words_ = words;
    const bool good = max_over_leaders(reduced_words_.data(), static_cast<int>(words.size()));
    if (good) words = reduced_words_;
    reduced_failure_ = good ? 0 : 1;
    const bool good_again = max_over_leaders(&reduced_failure_, 1);
    if (!good || (good_again && reduced_failure_ != 0))
        words[0] = std::numeric_limits<std::uint64_t>::max();
}

// Waits for a nonblocking collective between leaders; offers the core to others meanwhile.
bool team_core::finish(int start_code, MPI_Request& request) {
    ++met_leaders_;
    if (start_code != MPI_SUCCESS) return false;
    for (int tries = 1;; ++tries) {
        int done = 0;
        if (MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
        if (done != 0) return true;
        if (tries % 64 == 0) {
            progress();
            throw_if_leader_lost();
        }
        if (crowded_ || tries > 200) yield_core();
    }
}

void team_core::progress() {
    if (ranks_->nodes() == 1) return;
    int has_message = 0;
    MPI_Status status;
    // Nobody sends to the others; but with what they have started themselves half done, Open MPI
    // has been seen to keep third ranks waiting.
    if (!is_leader()) {
        MPI_Iprobe(rank(), tag_abandoned, comm_, &has_message, &status); // fails: nobody to tell
        return;
    }
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag_abandoned, handles_[2], &has_message, &status) !=
            MPI_SUCCESS ||
        has_message == 0)
        return;
    std::uint64_t met = 0;
    if (MPI_Recv(&met, 1, MPI_UINT64_T, status.MPI_SOURCE, tag_abandoned, handles_[2],
                 MPI_STATUS_IGNORE) != MPI_SUCCESS ||
        (lost_node_ >= 0 && met >= lost_after_))
        return;
    lost_node_ = status.MPI_SOURCE;
    lost_after_ = met;
    barrier_->report_loss(); // ranks of this node may wait for a message of that one
}

// A leader that came to this meeting before it left is not missed yet.
void team_core::throw_if_leader_lost() const {
    if (lost_node_ < 0 || lost_after_ >= met_leaders_) return;
    throw error(errc::peer_lost, "fence: a rank of node " + std::to_string(lost_node_) +
                                     " left by an exception and will not come");
}

// Nothing here waits: the ranks that are still there learn from their node's flag, other nodes
// from a message, which says how often this leader has met the others. The number is leaked, since
// nobody will know when MPI has sent it.
void team_core::abandon() noexcept {
    barrier_->abandon();
    if (!is_leader() || told_) return;
    told_ = true;
    const auto* met = new (std::nothrow) std::uint64_t(met_leaders_);
    for (int node = 0; met != nullptr && node < ranks_->nodes(); ++node) {
        MPI_Request request = MPI_REQUEST_NULL;
        if (node != node_ && MPI_Isend(met, 1, MPI_UINT64_T, node, tag_abandoned, handles_[2],
                                       &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
}

} // namespace nodespan::detail
