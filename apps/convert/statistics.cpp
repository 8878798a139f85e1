#include "statistics.hpp"

#include "messages.hpp"

#include <nodespan/collectives.hpp>

namespace nodespan::convert {
namespace {

// MPI combines long doubles; arrays do not hold them.
long double combined(long double mine, MPI_Op operation, const team& everyone) {
    app::check_mpi(
        MPI_Allreduce(MPI_IN_PLACE, &mine, 1, MPI_LONG_DOUBLE, operation, everyone.comm()),
        "MPI_Allreduce");
    return mine;
}

} // namespace

statistics add_up(const statistics& mine, team& everyone) {
    statistics all;
    all.count = all_reduce(everyone, mine.count);
    all.nans = all_reduce(everyone, mine.nans);
    all.least = combined(mine.least, MPI_MIN, everyone);
    all.most = combined(mine.most, MPI_MAX, everyone);
    all.sum = combined(mine.sum, MPI_SUM, everyone);
    return all;
}

} // namespace nodespan::convert
