#pragma once

#include "check.hpp"
#include "probe_guard.hpp"

#include <mpi.h>

#include <functional>
#include <string>

namespace nodespan::info {

/// What one rank has seen of one operation.
struct measured {
    double seconds = 0;
    double rate = 0;  ///< Bytes a second of long ones; 0: not measured.
    std::string slow; ///< What it has of its own to say about that; empty: nothing.
};

/// What is tried, and what helps where it fails or is slow (empty: what helps slow ones in
/// general).
struct probe {
    std::string name, cure;
    std::string slow_cure = {};
    std::string seen = {};   ///< What to say where all is well; empty: whom it went to.
    double slow_from = 1e-3; ///< Seconds: a round trip over Ethernet takes a twentieth of that.
};

/// Tries one thing after the other on all ranks together, each step of it after a barrier. Those
/// who act stand in a ring: leaders of nodes, or ranks where there is one node.
class prober {
public:
    /// Call: collective over the team, as all others here. Errors: MPI category.
    prober(team& team, const machine_info& info, probe_guard& guard);
    ~prober();

    prober(const prober&) = delete;            // owns a communicator
    prober& operator=(const prober&) = delete; // owns a communicator

    MPI_Comm comm() const { return comm_; } ///< As the team's; errors are returned.
    int rank() const { return rank_; }
    bool acts() const { return acts_; }
    bool has_peers() const { return peers_ > 1; }
    int next() const { return next_; } ///< The rank in comm() that this one acts on.
    int from() const { return from_; } ///< And the one that acts on this one.
    const char* whom() const {
        return info_.nodes.size() > 1 ? "to the next node" : "to the next rank";
    }
    const machine_info& info() const { return info_; }

    /// `prepare`, then `act` (only by those who act), then `verify`. They throw where something is
    /// not right; rank 0 adds the finding.
    void run(const probe& what, const std::function<void()>& prepare,
             const std::function<measured()>& act, const std::function<void()>& verify);
    void skip(const std::string& name, const std::string& why);
    void add(const finding& found);

private:
    std::string cure_of_slow() const;
    finding judge(const probe& what, const measured& mine, const std::string& failure);

    const machine_info& info_;
    probe_guard& guard_;
    MPI_Comm comm_ = MPI_COMM_NULL;
    int rank_ = 0, next_ = 0, from_ = 0, peers_ = 0;
    bool acts_ = false;
};

/// Throws std::runtime_error with this text.
[[noreturn]] void fail(const std::string& text);

/// Seconds of the fastest of some calls.
template <class Operation>
double fastest(int calls, Operation&& operation) {
    double best = 0;
    for (int i = 0; i < calls; ++i) {
        const double begun = now();
        operation(i);
        const double taken = now() - begun;
        best = i == 0 ? taken : taken < best ? taken : best;
    }
    return best;
}

} // namespace nodespan::info
