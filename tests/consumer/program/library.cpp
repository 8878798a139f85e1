// One of two libraries that both use nodespan: a sum of what all ranks have, and a way to fail.

#include <nodespan/nodespan.hpp>

namespace NAME {

int sum_of_ranks(MPI_Comm comm) {
    nodespan::team everyone(comm);
    nodespan::array<int, 1> numbers(everyone, {everyone.size()});
    numbers.local()(0) = everyone.rank();
    return nodespan::sum(numbers);
}

void fail(MPI_Comm comm) {
    nodespan::team everyone(comm);
    nodespan::array<int, 1>(everyone, {-1});
}

} // namespace NAME
