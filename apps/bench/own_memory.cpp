#include "own_memory.hpp"

#include "by_hand.hpp"

#include <mpi.h>
#include <nodespan/collectives.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <span>
#include <string>

namespace nodespan::bench {
namespace {

constexpr index_t largest = index_t{8} << 20; // doubles: 64 MiB

// A communicator whose collective calls are those of Open MPI's component for shared memory, which
// by itself is not chosen; see let_mpi_offer_sm. Empty where MPI has no such component.
class sm_communicator {
public:
    explicit sm_communicator(const team& team) {
        if (team.nodes() > 1 || team.size() == 1 || !is_offered()) return;
        MPI_Info info = MPI_INFO_NULL;
        require(MPI_Info_create(&info), "MPI_Info_create");
        require(MPI_Info_set(info, "ompi_comm_coll_preference", "sm"), "MPI_Info_set");
        require(MPI_Comm_dup_with_info(team.comm(), info, &comm_), "MPI_Comm_dup_with_info");
        require(MPI_Info_free(&info), "MPI_Info_free");
    }
    ~sm_communicator() {
        if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
    }
    sm_communicator(const sm_communicator&) = delete;
    sm_communicator& operator=(const sm_communicator&) = delete;

    MPI_Comm get() const noexcept { return comm_; }

private:
    static bool is_offered() {
        int provided = 0, index = 0, elements = 0, priority = 0;
        require(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided), "MPI_T_init_thread");
        MPI_T_cvar_handle setting = MPI_T_CVAR_HANDLE_NULL;
        if (MPI_T_cvar_get_index("coll_sm_priority", &index) == MPI_SUCCESS &&
            MPI_T_cvar_handle_alloc(index, nullptr, &setting, &elements) == MPI_SUCCESS) {
            if (MPI_T_cvar_read(setting, &priority) != MPI_SUCCESS) priority = 0;
            require(MPI_T_cvar_handle_free(&setting), "MPI_T_cvar_handle_free");
        }
        require(MPI_T_finalize(), "MPI_T_finalize");
        return priority > 0;
    }

    MPI_Comm comm_ = MPI_COMM_NULL;
};

// One side: its values, and a call on them.
struct side {
    std::string name;
    std::span<double> values;
    std::function<void(std::span<double>)> call;
    long calls = 1;                // a batch
    double expected = 0;           // seconds of a batch
    std::vector<double> seconds{}; // of one call, by batch
};

class fresh_calls {
public:
    fresh_calls(team& team, int batches)
        : team_(team),
          batches_(batches),
          by_sm_(team),
          ours_(static_cast<std::size_t>(largest) * sizeof(double)),
          theirs_(static_cast<std::size_t>(largest) * sizeof(double)) {}

    std::vector<measurement> run() {
        for (const index_t count : {index_t{1}, index_t{64}, index_t{512}, index_t{2} << 10,
                                    index_t{8} << 10, index_t{128} << 10, largest}) {
            measure_all_reduce(count);
            measure_reduce(count);
            measure_broadcast(count);
        }
        return std::move(results_);
    }

private:
    using mpi_call = std::function<void(std::span<double>, MPI_Comm)>;
    void measure(const std::string& name, const char* reference, index_t count,
                 const std::function<void(std::span<double>)>& ours, const mpi_call& theirs);
    double time_of(side& which, long calls);
    void set_pace(side& which);
    void measure_all_reduce(index_t count);
    void measure_reduce(index_t count);
    void measure_broadcast(index_t count);

    team& team_;
    int batches_;
    sm_communicator by_sm_;
    page_memory ours_, theirs_;
    double written_ = 0;
    std::vector<measurement> results_;
};

// What the slowest rank has spent in the calls, each of which all ranks begin together.
double fresh_calls::time_of(side& which, long calls) {
    double seconds = 0;
    for (long i = 0; i < calls; ++i) {
        std::ranges::fill(which.values, written_ += 1);
        keep_writes();
        team_.fence();
        const double start = MPI_Wtime();
        which.call(which.values);
        seconds += MPI_Wtime() - start;
    }
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, team_.comm());
    return seconds / static_cast<double>(calls);
}

// As many calls as take half a millisecond, in which a busy machine seldom takes a core away.
void fresh_calls::set_pace(side& which) {
    constexpr double batch_seconds = 0.0005;
    double fastest = time_of(which, 1);
    for (int i = 0; i < 3 && fastest < 0.05; ++i) fastest = std::min(fastest, time_of(which, 3));
    which.calls = std::clamp(static_cast<long>(batch_seconds / fastest), 1L, 1000L);
    which.expected = fastest * static_cast<double>(which.calls);
}

void fresh_calls::measure(const std::string& name, const char* reference, index_t count,
                          const std::function<void(std::span<double>)>& ours,
                          const mpi_call& theirs) {
    const auto n = static_cast<std::size_t>(count);
    const std::span<double> mine(ours_.doubles(), n), others(theirs_.doubles(), n);
    std::vector<side> sides{{"", mine, ours}, {reference, others, [&](std::span<double> values) {
                                                   theirs(values, team_.comm());
                                               }}};
    if (by_sm_.get() != MPI_COMM_NULL)
        sides.push_back({std::string(reference) + " by coll/sm", others,
                         [&](std::span<double> values) { theirs(values, by_sm_.get()); }});
    constexpr double most_seconds = 1.5; // of all batches of a line, more or less
    double round = 0;
    for (side& one : sides) {
        set_pace(one);
        round += one.expected;
    }
    const int batches =
        std::clamp(static_cast<int>(std::min(most_seconds / round, 1e6)), 3, batches_);
    for (int batch = 0; batch < batches; ++batch)
        for (std::size_t turn = 0; turn < sides.size(); ++turn) { // each goes first in turn
            side& one = sides[(static_cast<std::size_t>(batch) + turn) % sides.size()];
            one.seconds.push_back(time_of(one, one.calls));
        }
    for (std::size_t other = 1; other < sides.size(); ++other) {
        measurement result = measurement_of(sides[0].seconds, sides[other].seconds);
        result.name = name;
        result.size = text_of_bytes(count * index_t{sizeof(double)});
        result.reference = sides[other].name;
        results_.push_back(result);
    }
}

void fresh_calls::measure_all_reduce(index_t count) {
    measure(
        "all_reduce, values anew", "MPI_Allreduce", count,
        [this](std::span<double> values) { all_reduce(team_, values); },
        [](std::span<double> values, MPI_Comm comm) {
            MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE,
                          MPI_SUM, comm);
        });
}

void fresh_calls::measure_reduce(index_t count) {
    measure(
        "reduce, values anew", "MPI_Reduce", count,
        [this](std::span<double> values) { reduce(team_, values); },
        [is_root = team_.rank() == 0](std::span<double> values, MPI_Comm comm) {
            MPI_Reduce(is_root ? MPI_IN_PLACE : values.data(), values.data(),
                       static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM, 0, comm);
        });
}

void fresh_calls::measure_broadcast(index_t count) {
    measure(
        "broadcast, values anew", "MPI_Bcast", count,
        [this](std::span<double> values) { broadcast(team_, values); },
        [](std::span<double> values, MPI_Comm comm) {
            MPI_Bcast(values.data(), static_cast<int>(values.size()), MPI_DOUBLE, 0, comm);
        });
}

} // namespace

void let_mpi_offer_sm() {
    setenv("OMPI_MCA_coll_sm_priority", "1", 0); // the least; by default it is not offered at all
}

std::vector<measurement> measure_own_memory(team& team, int batches) {
    return fresh_calls(team, batches).run();
}

} // namespace nodespan::bench
