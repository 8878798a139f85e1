#include "prober.hpp"

#include "cures.hpp"
#include "messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <stdexcept>

namespace nodespan::info {
namespace {

using app::check_mpi;

constexpr double slow_below_rate = 100e6; // bytes a second: Ethernet of 1 Gb/s

std::string attempt(const std::function<void()>& step) {
    try {
        step();
        return "";
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

double reduced(double mine, MPI_Op op, MPI_Comm comm) {
    double all = 0;
    check_mpi(MPI_Reduce(&mine, &all, 1, MPI_DOUBLE, op, 0, comm), "MPI_Reduce");
    return all;
}

// The first rank's that has any.
std::string first_text(const std::string& mine, MPI_Comm comm) {
    const auto all = app::gather_messages(comm, mine);
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        if (!all[rank].empty()) return fmt::format("rank {}: {}", rank, all[rank]);
    return "";
}

} // namespace

void fail(const std::string& text) {
    throw std::runtime_error(text);
}

prober::prober(team& team, const machine_info& info, probe_guard& guard)
    : info_(info),
      guard_(guard),
      rank_(team.rank()) {
    check_mpi(MPI_Comm_dup(team.comm(), &comm_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    const bool has_nodes = team.nodes() > 1;
    acts_ = !has_nodes || team.is_leader();
    peers_ = has_nodes ? team.nodes() : team.size();
    const int me = has_nodes ? team.node() : team.rank();
    const auto rank_of = [&](int peer) {
        return has_nodes ? team.placement().first_rank(peer) : peer;
    };
    next_ = rank_of((me + 1) % peers_);
    from_ = rank_of((me + peers_ - 1) % peers_);
}

prober::~prober() {
    MPI_Comm_free(&comm_);
}

void prober::run(const probe& what, const std::function<void()>& prepare,
                 const std::function<measured()>& act, const std::function<void()>& verify) {
    guard_.begin(what.name, what.cure);
    measured mine;
    std::string failure;
    const auto step = [&](const std::function<void()>& body) {
        check_mpi(MPI_Barrier(comm_), "MPI_Barrier");
        if (failure.empty()) failure = attempt(body);
    };
    step(prepare);
    step([&] {
        if (acts_) mine = act();
    });
    step(verify);
    const finding found = judge(what, mine, failure);
    if (rank_ == 0) guard_.add(found);
    guard_.end();
}

finding prober::judge(const probe& what, const measured& mine, const std::string& failure) {
    finding found{what.name, verdict::good, reduced(mine.seconds, MPI_MAX, comm_), "", ""};
    const double none = std::numeric_limits<double>::max();
    const double rate = reduced(mine.rate > 0 ? mine.rate : none, MPI_MIN, comm_);
    const std::string wrong = first_text(failure, comm_), slow = first_text(mine.slow, comm_);
    found.text = what.seen.empty() ? whom() : what.seen;
    if (rate < none) found.text += fmt::format(", 1 MiB at {:.2g} GB/s", rate * 1e-9);
    const bool is_slow = found.seconds > what.slow_from || rate < slow_below_rate;
    if (!wrong.empty()) {
        found.result = verdict::wrong;
        found.text = wrong;
        found.cure = what.cure;
    } else if (!slow.empty()) {
        found.result = verdict::slow;
        found.text = slow;
        found.cure = what.slow_cure;
    } else if (is_slow) {
        found.result = verdict::slow;
        found.cure = cure_of_slow();
    }
    return found;
}

// Ranks of one host are slow where their cores are not their own.
std::string prober::cure_of_slow() const {
    if (std::ranges::any_of(info_.nodes, &node_info::oversubscribed)) return cures::oversubscribed;
    const bool is_one_host = info_.nodes.size() == 1 || info_.simulated_nodes;
    return is_one_host ? cures::busy_cores : cures::network;
}

void prober::skip(const std::string& name, const std::string& why) {
    add({name, verdict::not_tried, 0, why, ""});
}

void prober::add(const finding& found) {
    if (rank_ == 0) guard_.add(found);
}

} // namespace nodespan::info
