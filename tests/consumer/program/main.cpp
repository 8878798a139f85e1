// What an outside project does with an installed nodespan: fills an array in place, sums what other
// ranks wrote, and, where it has HDF5, saves and loads it.

#include <nodespan/nodespan.hpp>

#ifdef NODESPAN_HAS_BOOST_MPI
#include <nodespan/boost_mpi.hpp>

#include <boost/mpi/collectives.hpp>
#endif

#include <cstdio>
#include <functional>
#include <numeric>

namespace {

using namespace nodespan;

index_t sum_of_all_ranks(const array<index_t, 2>& field) {
    index_t mine = 0;
    for (index_t i = 0; i < field.local().extent(0); ++i) {
        const auto row = field.local().row(i);
        mine = std::accumulate(row.begin(), row.end(), mine);
    }
#ifdef NODESPAN_HAS_BOOST_MPI
    return boost::mpi::all_reduce(boost_comm(field.get_team()), mine, std::plus<>());
#else
    return all_reduce(field.get_team(), mine);
#endif
}

} // namespace

int main(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone{MPI_COMM_WORLD};
    array<index_t, 2> field(everyone, {100, 10}), copy(everyone, {100, 10});
    for (index_t i = 0; i < field.local().extent(0); ++i)
        for (index_t j = 0; j < 10; ++j)
            field.local()(i, j) = 10 * (field.rank_box().lo[0] + i) + j;
    field.fence();
    bool good = sum_of_all_ranks(field) == 999 * 1000 / 2;
#ifdef NODESPAN_HAS_HDF5
    save_hdf5(field, "field.h5", "numbers/all");
    load_hdf5(copy, "field.h5", "numbers/all");
    good = good && sum_of_all_ranks(copy) == 999 * 1000 / 2;
    const char* const name = "with HDF5";
#else
    good = good && sum_of_all_ranks(copy) == 0;
    const char* const name = "without HDF5";
#endif
#ifdef NODESPAN_HAS_BOOST_MPI
    const char* const by = ", by Boost.MPI";
#else
    const char* const by = "";
#endif
    if (everyone.rank() == 0)
        std::printf("consumer of nodespan %s %s%s, %d ranks: %s\n", NODESPAN_VERSION, name, by,
                    everyone.size(), good ? "good" : "bad");
    return good ? 0 : 1;
}
