#pragma once

#include "interposer.hpp"

#include <gtest/gtest.h>
#include <mpi.h>
#include <nodespan/error.hpp>

#include <string>

namespace nodespan::test {

inline constexpr int everywhere = -1;

inline int world_rank() {
    int rank = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

inline int world_size() {
    int size = 0;
    PMPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

/// Runs `make` with call `k` of rank `where` failing; everywhere: with the k-th of the calls that
/// all ranks make alike. Whether this rank threw.
template <class Make>
bool throws_when_failing(int k, int where, Make&& make) {
    const bool here = where == everywhere || where == world_rank();
    interposer::fail_call(here ? k : 0, where == everywhere);
    bool threw = false;
    try {
        make();
    } catch (const error&) {
        threw = true;
    }
    interposer::stop();
    return threw;
}

/// Ranks that threw, over the whole world.
inline int count_on_all(bool threw) {
    int mine = threw ? 1 : 0, all = 0;
    PMPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

/// The most calls any rank makes in `make`.
template <class Make>
int count_calls(Make&& make) {
    interposer::fail_call(0);
    make();
    int mine = interposer::stop(), most = 0;
    PMPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

/// Where a call is to fail: on all ranks at once, and on each alone, or on one of them in turn,
/// where there are many calls of a kind.
enum class failing { each_rank, one_rank_in_turn };

/// Fails each call in turn, on one rank and then on all, and checks that ranks throw together.
/// `reset` brings `make`'s surroundings back to their beginning.
template <class Make, class Reset>
void expect_all_or_none(int calls, Make&& make, Reset&& reset, failing on = failing::each_rank) {
    for (int k = 1; k <= calls; ++k)
        for (int where = everywhere; where < world_size(); ++where) {
            if (on == failing::one_rank_in_turn && where >= 0 && where != k % world_size())
                continue;
            SCOPED_TRACE("call " + std::to_string(k) + " fails on " +
                         (where == everywhere ? "all ranks" : "rank " + std::to_string(where)));
            reset();

            const bool threw = throws_when_failing(k, where, make);

            const int ranks = count_on_all(threw);
            EXPECT_TRUE(ranks == 0 || ranks == world_size())
                << ranks << " ranks threw; " << interposer::failed();
        }
}

} // namespace nodespan::test
