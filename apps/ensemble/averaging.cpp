#include "averaging.hpp"

#include "messages.hpp"

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
    const MPI_Comm comm = rows.get_team().comm();
    const view<double, 2> local = rows.local();
    std::vector<double> mine;
    for (index_t i = 0; i < local.extent(0); ++i)
        mine.insert(mine.end(), local.row(i).begin(), local.row(i).end());

    const std::vector<std::vector<double>> all = app::gather_messages(comm, mine);
    std::vector<double> average;
    if (rows.get_team().rank() == 0) {
        average.assign(static_cast<std::size_t>(rows.extent(1)), 0.0);
        for (const auto& of_rank : all)
            for (auto row = of_rank.begin(); row != of_rank.end(); row += rows.extent(1))
                for (std::size_t j = 0; j < average.size(); ++j)
                    average[j] += row[static_cast<std::ptrdiff_t>(j)];
        for (double& value : average) value /= static_cast<double>(rows.extent(0));
    }
    app::broadcast_message(comm, average);
    for (index_t i = 0; i < local.extent(0); ++i)
        std::copy(average.begin(), average.end(), local.row(i).begin());
}

} // namespace nodespan::ensemble
