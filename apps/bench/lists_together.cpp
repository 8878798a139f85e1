#include "lists_together.hpp"

#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace nodespan::bench {
namespace {

constexpr index_t block = index_t{4} << 20; // doubles of a rank: 32 MiB

// Lists by MPI_Alltoallv, as one writes them by hand: each rank has a block of doubles. Its memory
// is kept from call to call.
class by_alltoallv {
public:
    by_alltoallv(const team& everyone, index_t elements)
        : block_(elements),
          comm_(everyone.comm()),
          elements_(static_cast<std::size_t>(elements)),
          counts_(static_cast<std::size_t>(everyone.size())),
          begins_(counts_),
          came_(counts_),
          came_begins_(counts_) {}

    void gather(const std::vector<indices<1>>& places, std::vector<double>& to) {
        exchange_places(places);
        answers_.resize(asked_.size());
        for (std::size_t i = 0; i < asked_.size(); ++i)
            answers_[i] = elements_[static_cast<std::size_t>(asked_[i])];
        values_.resize(places.size());
        move(answers_.data(), came_, came_begins_, values_.data(), counts_, begins_, MPI_DOUBLE);
        for (std::size_t i = 0; i < places.size(); ++i) to[order_[i]] = values_[i];
    }

    template <class Change>
    void scatter(const std::vector<indices<1>>& places, const std::vector<double>& from,
                 Change&& change) {
        exchange_places(places);
        values_.resize(places.size());
        for (std::size_t i = 0; i < places.size(); ++i) values_[i] = from[order_[i]];
        answers_.resize(asked_.size());
        move(values_.data(), counts_, begins_, answers_.data(), came_, came_begins_, MPI_DOUBLE);
        for (std::size_t i = 0; i < asked_.size(); ++i)
            change(elements_[static_cast<std::size_t>(asked_[i])], answers_[i]);
    }

private:
    void exchange_places(const std::vector<indices<1>>& places) {
        std::fill(counts_.begin(), counts_.end(), 0);
        for (const indices<1>& at : places) ++counts_[static_cast<std::size_t>(at[0] / block_)];
        require(MPI_Alltoall(counts_.data(), 1, MPI_INT, came_.data(), 1, MPI_INT, comm_),
                "MPI_Alltoall");
        std::size_t coming = 0, going = 0;
        for (std::size_t r = 0; r < counts_.size(); ++r) {
            begins_[r] = static_cast<int>(going);
            came_begins_[r] = static_cast<int>(coming);
            going += static_cast<std::size_t>(counts_[r]);
            coming += static_cast<std::size_t>(came_[r]);
        }
        sorted_.resize(places.size());
        order_.resize(places.size());
        asked_.resize(coming);
        std::vector<int> next = begins_;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const index_t owner = places[i][0] / block_;
            const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(owner)]++);
            sorted_[at] = places[i][0] - owner * block_;
            order_[at] = i;
        }
        move(sorted_.data(), counts_, begins_, asked_.data(), came_, came_begins_, MPI_INT64_T);
    }

    void move(const void* from, const std::vector<int>& counts, const std::vector<int>& begins,
              void* to, const std::vector<int>& came, const std::vector<int>& came_begins,
              MPI_Datatype type) {
        require(MPI_Alltoallv(from, counts.data(), begins.data(), type, to, came.data(),
                              came_begins.data(), type, comm_),
                "MPI_Alltoallv");
    }

    index_t block_; // of each rank
    MPI_Comm comm_;
    std::vector<double> elements_, values_, answers_;
    std::vector<int> counts_, begins_, came_, came_begins_;
    std::vector<index_t> sorted_, asked_;
    std::vector<std::size_t> order_;
};

// Lists of `count` places in all, among the first `different` elements of each rank.
void at_size(team& team, array<double, 1>& line, by_alltoallv& reference, index_t count,
             index_t different, lines& result) {
    std::mt19937_64 random(static_cast<std::uint64_t>(team.rank() + 1));
    std::uniform_int_distribution<index_t> owner(0, team.size() - 1), place(0, different - 1);
    std::vector<indices<1>> places(static_cast<std::size_t>(count / team.size()));
    for (indices<1>& at : places) at = {owner(random) * block + place(random)};
    std::vector<double> values(places.size(), 1.0);
    const auto repeat = [](auto once) {
        return [once](long times) {
            for (; times > 0; --times) once();
        };
    };
    const std::string text =
        fmt::format("{} places{}", count, different < block ? ", often the same" : "");
    result.add("gather_all", text, "MPI_Alltoallv by hand",
               repeat([&] { line.gather_all(places, values); }),
               repeat([&] { reference.gather(places, values); }));
    std::fill(values.begin(), values.end(), 1.0);
    result.add("scatter_all", text, "MPI_Alltoallv by hand",
               repeat([&] { line.scatter_all(places, values); }), repeat([&] {
                   reference.scatter(places, values,
                                     [](double& element, double value) { element = value; });
               }));
    result.add("scatter_add_all", text, "MPI_Alltoallv by hand",
               repeat([&] { line.scatter_add_all(places, values); }), repeat([&] {
                   reference.scatter(places, values,
                                     [](double& element, double value) { element += value; });
               }));
}

} // namespace

std::vector<measurement> measure_lists_together(team& team, int batches) {
    std::vector<measurement> results;
    array<double, 1> line(team, {block * team.size()});
    by_alltoallv reference(team, line.rank_box().size());
    for (const index_t count : {10'000, 1'000'000, 10'000'000}) {
        lines result(team, count < 10'000'000 ? batches : std::min(batches, 5));
        at_size(team, line, reference, count, block, result);
        if (count == 1'000'000) at_size(team, line, reference, count, 100, result);
        std::ranges::move(result.take(), std::back_inserter(results));
    }
    return results;
}

} // namespace nodespan::bench
