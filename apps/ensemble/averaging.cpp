#include "averaging.hpp"

#include <boost/mpi/collectives.hpp>
#include <boost/serialization/vector.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace nodespan::ensemble {
namespace {

// Row k belongs to node k, whatever the number of its ranks: the leader's piece is that row.
array_options one_row_a_node(const team& everyone) {
    std::vector<index_t> cuts;
    for (int rank = 0; rank < everyone.size(); ++rank) {
        const int node = everyone.node_of(rank);
        cuts.push_back(rank == everyone.ranks().first_rank(node) ? node : node + 1);
    }
    cuts.push_back(everyone.nodes());
    return {.distribution = {.cuts = {cuts, {}}}};
}

// Share `part` of `parts` of the columns, in whole cache lines.
index_t share(index_t columns, int part, int parts) {
    constexpr index_t line = 8;
    return part == parts ? columns : columns / line * part / parts * line;
}

} // namespace

row_average::row_average(array<double, 2>& rows) : rows_(rows) {
    team& everyone = rows.get_team();
    begin_ = share(rows.extent(1), everyone.node_rank(), everyone.node_size());
    end_ = share(rows.extent(1), everyone.node_rank() + 1, everyone.node_size());
    sums_.resize(static_cast<std::size_t>(end_ - begin_));
    if (everyone.nodes() > 1)
        node_sum_.emplace_back(everyone, indices<2>{everyone.nodes(), rows.extent(1)},
                               one_row_a_node(everyone));
}

void row_average::add_node(index_t begin, index_t end, double* sums) const {
    std::fill_n(sums, end - begin, 0.0);
    const view<const double, 2> rows = std::as_const(rows_).node();
    for (index_t i = 0; i < rows.extent(0); ++i) {
        const double* row = rows.row(i).data_handle() + begin;
        for (index_t j = 0; j < end - begin; ++j) sums[j] += row[j];
    }
}

void row_average::operator()() {
    rows_.fence();
    add_node(begin_, end_, sums_.data());
    if (!node_sum_.empty()) {
        const view<double, 1> total = node_sum_.front().node().row(0);
        std::copy(sums_.begin(), sums_.end(), total.data_handle() + begin_);
        rows_.node_fence();
        const auto& leaders = rows_.get_team().leaders();
        if (rows_.get_team().is_leader())
            boost::mpi::all_reduce(leaders, boost::mpi::inplace(total.data_handle()),
                                   static_cast<int>(total.size()), std::plus<double>());
        rows_.node_fence();
        std::copy_n(total.data_handle() + begin_, sums_.size(), sums_.begin());
    }
    for (double& sum : sums_) sum /= static_cast<double>(rows_.extent(0));
    const view<double, 2> rows = rows_.node();
    for (index_t i = 0; i < rows.extent(0); ++i)
        std::copy(sums_.begin(), sums_.end(), rows.row(i).data_handle() + begin_);
    rows_.fence();
}

void average_by_serialisation(array<double, 2>& rows) {
    using parameters = std::vector<double>;
    const boost::mpi::communicator& comm = rows.get_team().comm();
    const view<double, 2> local = rows.local();
    std::vector<parameters> mine;
    for (index_t i = 0; i < local.extent(0); ++i)
        mine.emplace_back(local.row(i).begin(), local.row(i).end());

    std::vector<std::vector<parameters>> all;
    boost::mpi::gather(comm, mine, all, 0);
    parameters average;
    if (comm.rank() == 0) {
        average.assign(static_cast<std::size_t>(rows.extent(1)), 0.0);
        for (const auto& of_rank : all)
            for (const parameters& row : of_rank)
                for (std::size_t j = 0; j < average.size(); ++j) average[j] += row[j];
        for (double& value : average) value /= static_cast<double>(rows.extent(0));
    }
    boost::mpi::broadcast(comm, average, 0);
    for (index_t i = 0; i < local.extent(0); ++i)
        std::copy(average.begin(), average.end(), local.row(i).begin());
}

} // namespace nodespan::ensemble
