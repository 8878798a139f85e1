#include "statistics.hpp"

#include <boost/mpi/collectives.hpp>

#include <functional>

namespace nodespan::convert {

statistics add_up(const statistics& mine, team& everyone) {
    const auto& comm = everyone.comm();
    statistics all;
    all.count = boost::mpi::all_reduce(comm, mine.count, std::plus<std::int64_t>());
    all.nans = boost::mpi::all_reduce(comm, mine.nans, std::plus<std::int64_t>());
    all.least = boost::mpi::all_reduce(comm, mine.least, boost::mpi::minimum<long double>());
    all.most = boost::mpi::all_reduce(comm, mine.most, boost::mpi::maximum<long double>());
    all.sum = boost::mpi::all_reduce(comm, mine.sum, std::plus<long double>());
    return all;
}

} // namespace nodespan::convert
