#include "grouping.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "mpi_wait.hpp"
#include "unfinished.hpp"

#include <cstring>
#include <sched.h>
#include <vector>

namespace nodespan::detail {
namespace {

// Whether the ranks of `node` outnumber the cores that they may use; the cores of all their masks
// are counted together.
bool has_too_few_cores(MPI_Comm node) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores); // safe guess: none
    lent_memory<std::vector<unsigned long>> all(
        std::vector<unsigned long>(sizeof(cpu_set_t) / sizeof(unsigned long)));
    std::memcpy(all->data(), &cores, sizeof cores);
    unite(node, all);
    std::memcpy(&cores, all->data(), sizeof cores);
    int ranks = 0;
    mpi_check(MPI_Comm_size(node, &ranks), "MPI_Comm_size");
    return ranks > CPU_COUNT(&cores);
}

// The rank in `comm` of rank `rank` of `part`. No communication.
int translate(MPI_Comm part, int rank, MPI_Comm comm) {
    MPI_Group from = MPI_GROUP_NULL, to = MPI_GROUP_NULL;
    int result = 0;
    mpi_check(MPI_Comm_group(part, &from), "MPI_Comm_group");
    mpi_check(MPI_Comm_group(comm, &to), "MPI_Comm_group");
    mpi_check(MPI_Group_translate_ranks(from, 1, &rank, to, &result), "MPI_Group_translate_ranks");
    mpi_check(MPI_Group_free(&from), "MPI_Group_free");
    mpi_check(MPI_Group_free(&to), "MPI_Group_free");
    return result;
}

} // namespace

waiter waiter_of(MPI_Comm comm) {
    waiter who;
    MPI_Comm_rank(comm, &who.rank); // 0 if it fails
    return who;
}

// Each attempt below begins with a collective call; what only this rank does comes after it. So a
// rank that fails still takes part in all that the others wait for.

grouping group_by_node(MPI_Comm comm, int ranks_per_node) {
    MPI_Comm real = MPI_COMM_NULL;
    detail::agree_or_throw(
        comm, attempt([&] {
            const blocking_watch watch("team (MPI_Comm_split_type)", waiter_of(comm),
                                       others_of_comm);
            mpi_check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &real),
                      "MPI_Comm_split_type");
        }));
    grouping result;
    detail::agree_or_throw(comm, attempt([&] {
                               int me = 0, here = 0, all = 0;
                               result.oversubscribed = has_too_few_cores(real);
                               mpi_check(MPI_Comm_rank(real, &me), "MPI_Comm_rank");
                               mpi_check(MPI_Comm_size(real, &here), "MPI_Comm_size");
                               mpi_check(MPI_Comm_size(comm, &all), "MPI_Comm_size");
                               result.on_one_host = here == all;
                               const int first =
                                   ranks_per_node > 0 ? me / ranks_per_node * ranks_per_node : 0;
                               result.label = translate(real, first, comm);
                           }));
    detail::agree_or_throw(comm, attempt([&] {
                               const blocking_watch watch("team (MPI_Comm_free)", waiter_of(comm),
                                                          others_of_comm);
                               mpi_check(MPI_Comm_free(&real), "MPI_Comm_free");
                           }));
    return result;
}

} // namespace nodespan::detail
