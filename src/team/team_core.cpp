#include "team_core.hpp"

#include "agreement.hpp"
#include "end_of_job.hpp"
#include "mpi_check.hpp"
#include "mpi_life.hpp"
#include "mpi_turn.hpp"
#include "nodespan/error.hpp"
#include "osc_settings.hpp"
#include "pages.hpp"
#include "race_hooks.hpp"
#include "serving.hpp"
#include "usage_gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <new>
#include <numeric>
#include <sched.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace nodespan::detail {
namespace {

// What a rank tells its node about its part in a meeting; the larger number counts.
constexpr std::uint64_t all_went_well = 0, mpi_failed = 1, somebody_is_lost = 2;

std::uint64_t word_of(const std::optional<error>& mine) {
    if (!mine) return all_went_well;
    return mine->code() == errc::peer_lost ? somebody_is_lost : mpi_failed;
}

// The time, and who asks: two teams that begin with the same rank are not made at the same moment.
std::uint64_t new_token() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ticks = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    return static_cast<std::uint64_t>(ticks) << 22 ^ static_cast<std::uint64_t>(getpid());
}

} // namespace

// Each attempt below begins with a collective call; what only this rank does comes after it. So a
// rank that fails still takes part in all that the others wait for.

team_core::team_core(MPI_Comm comm, const grouping& mine, progress_by by)
    : oversubscribed_(mine.oversubscribed),
      on_one_host_(mine.on_one_host),
      progress_by_(by),
      exceptions_(std::uncaught_exceptions()) {
    watch_mpi();
    watch_led_teams();
    const std::vector<int> order = group(comm, mine.label);
    make_communicators(comm);
    make_meeting_words(comm, order);
    if (between_nodes_) start_serving();
    set_abort([] { MPI_Abort(MPI_COMM_WORLD, 1); });
}

// Finds out which rank is on which node: nodes in the order of their first rank in `comm`, ranks
// inside a node likewise. Returns the comm ranks by team rank; nothing if both orders are equal.
std::vector<int> team_core::group(MPI_Comm comm, int label) {
    struct introduction {
        int node = 0;
        std::uint64_t token = 0; // the team takes that of the first rank
    };
    int size = 0, me = 0;
    std::vector<introduction> all;
    std::vector<int> node_of;
    lent_memory<std::vector<std::byte>> labels;
    detail::agree_or_throw(comm, attempt([&] {
                               mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
                               mpi_check(MPI_Comm_rank(comm, &me), "MPI_Comm_rank");
                               all.resize(static_cast<std::size_t>(size));
                               labels->resize(all.size() * sizeof(introduction));
                               const introduction mine{label, new_token()};
                               std::memcpy(&(*labels)[static_cast<std::size_t>(me) * sizeof mine],
                                           &mine, sizeof mine);
                           }));
    detail::agree_or_throw(comm, attempt([&] { gather(comm, labels, sizeof(introduction)); }));
    std::memcpy(all.data(), labels->data(), labels->size());
    token_ = all[0].token;
    for (const introduction& one : all) node_of.push_back(one.node);

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
    ranks_ = std::make_shared<const nodespan::placement>(counts);
    node_ = node_of[static_cast<std::size_t>(me)];
    rank_ = static_cast<int>(std::find(order.begin(), order.end(), me) - order.begin());
    if (std::is_sorted(order.begin(), order.end())) order.clear();
    return order;
}

// The last communicator is a copy of the first, which costs less than another split.
void team_core::make_communicators(MPI_Comm comm) {
    const struct {
        int color, key;
    } splits[] = {{0, rank_}, {node_, rank_}, {is_leader() ? 0 : MPI_UNDEFINED, node_}};
    const auto make = [&](int i, const char* call, auto&& start) {
        detail::agree_or_throw(
            comm, attempt([&] {
                const blocking_watch watch(call, waiter_of(comm), others_of_comm);
                start();
                if (handles_[i] != MPI_COMM_NULL)
                    mpi_check(MPI_Comm_set_errhandler(handles_[i], MPI_ERRORS_RETURN),
                              "MPI_Comm_set_errhandler");
            }));
    };
    for (int i = 0; i < 3; ++i)
        make(i, "team (MPI_Comm_split)", [&] {
            mpi_check(MPI_Comm_split(comm, splits[i].color, splits[i].key, &handles_[i]),
                      "MPI_Comm_split");
        });
    make(3, "team (MPI_Comm_dup)",
         [&] { mpi_check(MPI_Comm_dup(handles_[0], &handles_[3]), "MPI_Comm_dup"); });
}

// The order of ranks is stored behind the lines of the barrier: a million ranks take 4 MB, and one
// copy on each node is enough. The names of all nodes' hosts are stored there too.
void team_core::make_meeting_words(MPI_Comm comm, const std::vector<int>& order) {
    const std::size_t barrier_bytes = node_barrier::bytes(node_size());
    const std::size_t lines = barrier_bytes + race::room(node_size());
    const std::size_t order_bytes = order.size() * sizeof(int);
    const bool is_alone = ranks_->nodes() == 1;
    const std::size_t host_bytes =
        is_alone ? 0 : sizeof(far_ends::host) * static_cast<std::size_t>(ranks_->nodes());
    const std::size_t bytes = lines + order_bytes + host_bytes;
    const auto agree = [&](const std::optional<error>& mine) {
        detail::agree_or_throw(comm, mine);
    };
    meeting_words_ =
        shared_window::make({agree, std::nullopt}, handles_[1], site(window_directory()), bytes);
    agree(attempt([&] {
        if (!is_leader()) return;
        std::byte* const begin = meeting_words_.data();
        if (const int failure = back_pages(begin, begin + bytes))
            throw error(std::error_code(failure, std::generic_category()),
                        "the memory in which the ranks of a node meet ran out while it was "
                        "reserved");
        std::memset(begin, 0, lines);
        if (order_bytes > 0) std::memcpy(begin + lines, order.data(), order_bytes);
    })); // by now the memory of all ranks is cleared
    if (order_bytes > 0) order_ = reinterpret_cast<const int*>(meeting_words_.data() + lines);
    std::byte* const hosts = meeting_words_.data() + lines + order_bytes;
    barrier_.emplace(meeting_words_.data(), node_rank(), node_size(), ranks_->first_rank(node_),
                     oversubscribed_);
    if (!is_alone)
        detail::agree_or_throw(comm, attempt([&] {
                                   gather_hosts(hosts);
                                   if (is_leader() && progress_by_ != progress_by::calls)
                                       helper_ = progress_thread::hold();
                               }));
    ends_.emplace(*ranks_, is_alone ? nullptr : reinterpret_cast<const far_ends::host*>(hosts));
    barrier_->know(*ends_);
    race::team_begins(*this, meeting_words_.data() + barrier_bytes);
    if (!is_alone && is_leader())
        between_nodes_.emplace(handles_[3], *ranks_, node_, *barrier_, oversubscribed_, *ends_);
}

// Fills the names on leaders; other ranks write none.
void team_core::gather_hosts(std::byte* to) {
    if (!is_leader()) return;
    constexpr std::size_t each = sizeof(far_ends::host);
    lent_memory<std::vector<std::byte>> all(
        std::vector<std::byte>(each * static_cast<std::size_t>(ranks_->nodes())));
    const far_ends::host mine = far_ends::own_host();
    std::memcpy(&(*all)[each * static_cast<std::size_t>(node_)], mine.data(), each);
    gather(handles_[2], all, static_cast<int>(each));
    std::memcpy(to, all->data(), all->size());
}

// Does not wait for ranks that will not come: see the class comment of team.
team_core::~team_core() {
    if (!barrier_ || !mpi_is_alive()) return;
    const mpi_turn ending;
    if (!threads_.admits_this_thread()) {
        abandon_without_mpi();
        return;
    }
    if (std::uncaught_exceptions() > exceptions_) {
        abandon();
        return;
    }
    bool is_reported = false;
    try {
        const agreed_words all =
            agree(usage_terms(word_of(flush_attached()), usage_.get()), {"the end of its team"});
        race::team_ends(*this);
        if (all[0] != all_went_well) return; // so on all ranks
        is_reported = is_report_wanted(all, rank_);
    } catch (const error& failure) {
        if (failure.code() == errc::mismatched_arguments) // nobody else would tell this rank
            fmt::print(stderr, "{}\n", failure.what());
        return;
    } catch (...) {
        return;
    }
    try {
        if (is_reported) report_usage();
    } catch (...) {
        // The team ends anyway: all ranks are here.
    }
    // All ranks are here, and no call of theirs can fail before the next one.
    const blocking_watch watch("end of a team", as_waiter(), "other ranks of the team");
    if (attached) attached->release();
    if (between_nodes_) stop_serving();
    meeting_words_.free();
    for (int i = 3; i >= 0; --i)
        if (handles_[i] != MPI_COMM_NULL) MPI_Comm_free(&handles_[i]);
}

// Runs a leader's part of a meeting. If it throws, the leader's node is not left waiting.
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

// One meeting, which fails on all ranks of the node or on none. `between_leaders` turns what the
// ranks tell into what they are told. If it fails, the team has ended: this node takes part in no
// other meeting, and other nodes are told so, because they may not know, or may wait for messages
// of this node.
template <class Body>
void team_core::meet(const std::optional<error>& mine, const occasion& why,
                     Body&& between_leaders) {
    barrier_->arrive({word_of(mine)}, why);
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
                    why.text() + ": a rank left by an exception and will not come");
    throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                why.text() + ": MPI failed on this rank or on another one");
}

occasion team_core::of_team(operation_name operation) const {
    const auto describe = [](const void* what) {
        const nodespan::placement& ranks = *static_cast<const team_core*>(what)->ranks_;
        return fmt::format("a team of {} rank{} on {} node{}", ranks.size(),
                           ranks.size() == 1 ? "" : "s", ranks.nodes(),
                           ranks.nodes() == 1 ? "" : "s");
    };
    return {operation, describe, this};
}

void team_core::fence() {
    static constexpr operation_name name = "fence";
    fence(of_team(name));
}

void team_core::fence(const occasion& why) {
    const thread_rule::call mine(&threads_, why.operation.text);
    const race::meeting checked(*this, race::reach::fence);
    if (ranks_->nodes() == 1)
        barrier_->arrive_and_wait(why);
    else
        meet(flush_attached(), why,
             [&](std::uint64_t word) { return worst_of_leaders(word, why); });
}

std::optional<error> team_core::flush_attached() {
    if (!attached) return std::nullopt;
    return attempt([this] { attached->flush(); });
}

// Uses one round: if that fails, other nodes learn of it at the next meeting.
std::uint64_t team_core::worst_of_leaders(std::uint64_t word, const occasion& why) {
    agreed_words words{word};
    return between_nodes_->maximum(words, why) ? words[0] : mpi_failed;
}

void team_core::node_fence() {
    static constexpr operation_name name = "node_fence";
    node_fence(of_team(name));
}

void team_core::node_fence(const occasion& why) {
    const thread_rule::call mine(&threads_, why.operation.text);
    if (ranks_->nodes() > 1) return node_fence(std::nullopt, why);
    const race::meeting checked(*this, race::reach::fence);
    barrier_->arrive_and_wait(why);
}

// A led meeting, so that the leader serves other nodes while it waits.
void team_core::node_fence(const std::optional<error>& mine, const occasion& why) {
    const thread_rule::call call(&threads_, why.operation.text);
    const race::meeting checked(*this, race::reach::node);
    meet(mine, why, [](std::uint64_t word) { return word; });
}

void team_core::led_fence(const std::function<std::optional<error>()>& work, const occasion& why) {
    const thread_rule::call mine(&threads_, why.operation.text);
    const race::meeting checked(*this, race::reach::node);
    std::optional<error> failure;
    try {
        meet(std::nullopt, why, [&](std::uint64_t) {
            failure = work();
            return word_of(failure);
        });
    } catch (const error&) {
        if (failure) throw error(*failure);
        throw;
    }
}

void team_core::broadcast(std::byte* data, std::size_t bytes, int root) {
    const occasion why = of_team("broadcast");
    const thread_rule::call mine(&threads_, why.operation.text);
    const race::meeting checked(*this, race::reach::node);
    const race::inside own_copies;
    barrier_->arrive({}, why);
    const agreed_words result = is_leader() ? lead([&](agreed_words words) {
        if (!between_nodes_) return words;
        if (!between_nodes_->broadcast(data, bytes, root, handles_[2], why)) words[0] = mpi_failed;
        agree_between_leaders(words, why);
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

agreed_words team_core::agree(const agreed_words& mine, const occasion& why) {
    const thread_rule::call call(&threads_, why.operation.text);
    const race::meeting checked(*this, race::reach::team);
    barrier_->arrive(mine, why);
    if (!is_leader()) return barrier_->wait_for_release();
    return lead([&](agreed_words words) {
        if (between_nodes_) agree_between_leaders(words, why);
        return words;
    });
}

// Uses two rounds, as detail::agree_or_throw does, so that one failing MPI call cannot split the
// ranks.
void team_core::agree_between_leaders(agreed_words& words, const occasion& why) {
    const bool good = between_nodes_->maximum(words, why);
    agreed_words failure{good ? 0U : 1U};
    const bool good_again = between_nodes_->maximum(failure, why);
    if (!good || (good_again && failure[0] != 0)) words[0] = mpi_failed_word;
}

void team_core::progress() {
    if (ranks_->nodes() == 1) return;
    const thread_rule::call mine(&threads_, "progress");
    if (between_nodes_) {
        between_nodes_->progress();
    } else {
        // Other ranks receive no transfers. But if what they have started is half done, Open MPI
        // has been seen to keep third ranks waiting.
        int has_message = 0;
        MPI_Status status;
        MPI_Iprobe(rank(), 0, handles_[3], &has_message, &status); // an error is ignored
    }
}

// Does not wait: the remaining ranks of this node learn from its flag, other nodes from a message.
void team_core::abandon() noexcept {
    barrier_->abandon();
    if (between_nodes_) between_nodes_->abandon();
}

// Other nodes are told by a thread that may call MPI, if this rank is the one to tell them.
void team_core::abandon_without_mpi() noexcept {
    barrier_->abandon();
    if (between_nodes_)
        owe([comm = handles_[3], ranks = ranks_, node = node_, met = between_nodes_->met()] {
            leader_barrier::tell_abandoned(comm, *ranks, node, met);
        });
}

} // namespace nodespan::detail
