#include "race_case.hpp"

#include <cstdio>

extern "C" {
int written_and_read_in_c(MPI_Comm comm, int is_racy);
int locked_in_c(MPI_Comm comm, int is_racy);
int put_in_c(MPI_Comm comm, int is_racy);
}

namespace races {
namespace {

template <int (*Case)(MPI_Comm, int)>
void in_c(team& t, bool is_racy) {
    be_late(t);
    if (Case(t.comm(), is_racy ? 1 : 0) != 0) {
        std::puts("a call of the C interface failed");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

} // namespace

std::vector<race_case> c_cases() {
    return {{"written_and_read_in_c", needs::peers, in_c<written_and_read_in_c>},
            {"locked_in_c", needs::peers, in_c<locked_in_c>},
            {"put_in_c", needs::ranks, in_c<put_in_c>}};
}

} // namespace races
