#include "by_hand.hpp"
#include "own_memory.hpp"

#include <mpi.h>
#include <nodespan/algorithm.hpp>

#include <algorithm>
#include <span>
#include <string>

namespace nodespan::bench {
namespace {

constexpr index_t largest = index_t{8} << 20; // doubles: 64 MiB

std::string size_of(index_t count) {
    const index_t bytes = count * static_cast<index_t>(sizeof(double));
    if (bytes < 1024) return std::to_string(bytes) + " B";
    if (bytes < index_t{1} << 20) return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes >> 20) + " MiB";
}

template <class Once>
workload repeat(Once once) {
    return [once](long count) {
        for (; count > 0; --count) once();
    };
}

class collective_calls {
public:
    collective_calls(team& team, int batches)
        : team_(team),
          batches_(batches),
          field_(team, {largest * team.size()}),
          own_(static_cast<std::size_t>(largest) * sizeof(double)),
          reference_(static_cast<std::size_t>(largest) * sizeof(double)) {}

    std::vector<measurement> run() {
        for (const index_t count :
             {index_t{1}, index_t{512}, index_t{8} << 10, index_t{128} << 10, largest})
            for (const bool in_place : {true, false}) measure_all_reduce(count, in_place);
        for (const index_t count : {index_t{128} << 10, largest})
            for (const bool in_place : {true, false}) measure_broadcast(count, in_place);
        for (const index_t count : {index_t{512}, index_t{128} << 10, largest / 2})
            measure_sums(count);
        return std::move(results_);
    }

private:
    std::span<double> values(index_t count, bool in_place) {
        double* const begin = in_place ? field_.local().data_handle() : own_.doubles();
        return {begin, static_cast<std::size_t>(count)};
    }
    void add(const char* name, index_t count, const char* reference, const workload& ours,
             const workload& theirs) {
        measurement result = compare(team_, batches_, ours, theirs);
        result.name = name;
        result.size = size_of(count);
        result.reference = reference;
        results_.push_back(result);
    }
    // Zeros stay zeros, however often they are added up.
    void clear(index_t count) {
        for (const bool in_place : {true, false}) std::ranges::fill(values(count, in_place), 0.0);
        std::fill_n(reference_.doubles(), count, 0.0);
    }

    void measure_all_reduce(index_t count, bool in_place);
    void measure_broadcast(index_t count, bool in_place);
    void measure_sums(index_t count);

    team& team_;
    int batches_;
    array<double, 1> field_;
    page_memory own_, reference_;
    std::vector<measurement> results_;
};

void collective_calls::measure_all_reduce(index_t count, bool in_place) {
    clear(count);
    const std::span<double> mine = values(count, in_place);
    add(in_place ? "all_reduce, in an array" : "all_reduce, own memory", count, "MPI_Allreduce",
        repeat([this, mine] { all_reduce(team_, mine); }), repeat([this, count] {
            MPI_Allreduce(MPI_IN_PLACE, reference_.doubles(), static_cast<int>(count), MPI_DOUBLE,
                          MPI_SUM, team_.comm());
        }));
}

void collective_calls::measure_broadcast(index_t count, bool in_place) {
    clear(count);
    const std::span<double> mine = values(count, in_place);
    add(in_place ? "broadcast, in an array" : "broadcast, own memory", count, "MPI_Bcast",
        repeat([this, mine] { broadcast(team_, mine); }), repeat([this, count] {
            MPI_Bcast(reference_.doubles(), static_cast<int>(count), MPI_DOUBLE, 0, team_.comm());
        }));
}

// The reference adds as the library does: eight sums at once.
template <class At>
double sum_by_hand(const team& team, index_t count, At at) {
    double parts[8] = {};
    for (index_t i = 0; i < count; i += 8)
        for (index_t k = 0; k < 8; ++k) parts[k] += at(i + k);
    double result = 0;
    for (const double part : parts) result += part;
    MPI_Allreduce(MPI_IN_PLACE, &result, 1, MPI_DOUBLE, MPI_SUM, team.comm());
    return result;
}

void collective_calls::measure_sums(index_t count) {
    clear(2 * count);
    const double *const memory = reference_.doubles(), *const other = memory + count;
    array<double, 1> field(team_, {count * team_.size()}), second(team_, {count * team_.size()});
    volatile double sink = 0;
    add("sum of an array", count, "sums, MPI_Allreduce", repeat([&] { sink = sum(field); }),
        repeat([&] { sink = sum_by_hand(team_, count, [=](index_t i) { return memory[i]; }); }));
    add("dot of two arrays", count, "sums, MPI_Allreduce",
        repeat([&] { sink = dot(field, second); }), repeat([&] {
            sink = sum_by_hand(team_, count, [=](index_t i) { return memory[i] * other[i]; });
        }));
}

} // namespace

std::vector<measurement> measure_collectives(team& team, int batches) {
    std::vector<measurement> results = collective_calls(team, batches).run();
    const std::vector<measurement> more = measure_own_memory(team, batches);
    results.insert(results.end(), more.begin(), more.end());
    return results;
}

} // namespace nodespan::bench
