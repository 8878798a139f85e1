// A host of two libraries: it owns MPI, they get communicators, and it catches what they throw.

#include <mpi.h>
#include <nodespan/error.hpp>

#include <cstdio>

namespace one {
int sum_of_ranks(MPI_Comm comm);
void fail(MPI_Comm comm);
} // namespace one
namespace other {
int sum_of_ranks(MPI_Comm comm);
void fail(MPI_Comm comm);
} // namespace other

namespace {

bool is_caught(void (*fail)(MPI_Comm)) {
    try {
        fail(MPI_COMM_WORLD);
    } catch (const nodespan::error& refused) {
        return refused.code() == nodespan::errc::invalid_argument;
    }
    return false;
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0, size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    bool good = is_caught(one::fail) && is_caught(other::fail);
    for (int i = 0; i < 3; ++i)
        good = good && one::sum_of_ranks(MPI_COMM_WORLD) == size * (size - 1) / 2 &&
               other::sum_of_ranks(MPI_COMM_SELF) == 0;
    if (rank == 0) std::printf("two libraries: %s\n", good ? "good" : "bad");

    MPI_Finalize();
    return good ? 0 : 1;
}
