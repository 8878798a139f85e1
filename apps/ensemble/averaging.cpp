#include "averaging.hpp"

#include <boost/mpi/collectives.hpp>
#include <boost/serialization/vector.hpp>
#include <nodespan/mean.hpp>

#include <algorithm>

namespace nodespan::ensemble {

row_average::row_average(array<double, 2>& rows)
    : rows_(rows),
      mean_(rows.get_team(), {rows.extent(1)}) {}

void row_average::operator()() {
    rows_.fence();
    mean(rows_, 0, mean_);
    const view<const double, 1> average = mean_.node();
    const view<double, 2> mine = rows_.local();
    for (index_t i = 0; i < mine.extent(0); ++i)
        std::copy(average.begin(), average.end(), mine.row(i).data_handle());
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
