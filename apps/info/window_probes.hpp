#pragma once

#include "prober.hpp"

#include <cstdint>
#include <vector>

namespace nodespan::info {

/// A window over all ranks, each with some memory, in an access epoch that lasts as long as it
/// does. One that could not be made has is_there() false on all ranks.
class trial_window {
public:
    static constexpr int words = 1 << 17; // 1 MiB

    explicit trial_window(MPI_Comm comm);
    ~trial_window(); ///< Collective.

    trial_window(const trial_window&) = delete;            // MPI knows its memory
    trial_window& operator=(const trial_window&) = delete; // MPI knows its memory

    bool is_there() const { return failure_.empty(); }
    const std::string& failure() const { return failure_; }
    MPI_Win handle() const { return window_; }
    std::vector<std::uint64_t>& exposed() { return exposed_; } ///< What others reach.
    std::vector<std::uint64_t>& own() { return own_; }         ///< What this rank sends from.
    void sync() const;
    void flush(int rank) const;

private:
    MPI_Win window_ = MPI_WIN_NULL;
    std::vector<std::uint64_t> exposed_, own_;
    std::string failure_;
};

/// What stands in word `k` of a rank's memory, different for all.
std::uint64_t word_of(int rank, int k);

void probe_put(prober& ranks, trial_window& window);
void probe_get(prober& ranks, trial_window& window);
void probe_accumulate(prober& ranks, trial_window& window);
void probe_fetch_and_op(prober& ranks, trial_window& window);
void probe_compare_and_swap(prober& ranks, trial_window& window);
void probe_strided_put(prober& ranks, trial_window& window);
void probe_strided_get(prober& ranks, trial_window& window);
void probe_request(prober& ranks, trial_window& window);
void probe_busy_target(prober& ranks, trial_window& window);

} // namespace nodespan::info
