// A host code that starts MPI by itself: where MPI's settings switch one-sided communication off,
// all ranks get the same error, with the cure. Exit code 0 if they do, or if it works.
#include <mpi.h>
#include <nodespan/array.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int good = 0;
    {
        nodespan::team everyone(MPI_COMM_WORLD);
        try {
            nodespan::array<double, 1> field(everyone, {1000});
            std::puts("works");
            good = 1;
        } catch (const nodespan::error& failure) {
            const std::string text = failure.what();
            good = failure.is_collective() &&
                   failure.code().category() == nodespan::mpi_category() &&
                   text.find("array<double,1>({1000})") != std::string::npos &&
                   text.find("OMPI_MCA_osc=^ucx,rdma") != std::string::npos;
            if (everyone.rank() == 0 || good == 0) std::puts(text.c_str());
        }
        int all = 0;
        MPI_Allreduce(&good, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
        good = all;
    }
    MPI_Finalize();
    return good == 1 ? 0 : 1;
}
