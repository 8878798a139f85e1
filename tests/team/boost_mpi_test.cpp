#include <nodespan/boost_mpi.hpp>

#include "mpi_cases.hpp"

#include <boost/mpi/collectives.hpp>
#include <boost/serialization/string.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;

bool are_equal(MPI_Comm one, MPI_Comm other) {
    int result = MPI_UNEQUAL;
    MPI_Comm_compare(one, other, &result);
    return result == MPI_IDENT;
}

TEST(BoostMpi, ACommunicatorOfItsConvertsToATeamByItself) {
    const boost::mpi::communicator world;
    team_options alone_on_nodes;
    alone_on_nodes.ranks_per_node = 1;

    const team everyone{world}, halves{world.split(world.rank() % 2)};
    const team apart(world, alone_on_nodes);

    EXPECT_EQ(everyone.size(), world.size());
    EXPECT_EQ(halves.size(), (world.size() + 1 - world.rank() % 2) / 2);
    EXPECT_EQ(apart.nodes(), world.size());
}

TEST(BoostMpi, HasTheCommunicatorsOfATeam) {
    const team everyone(MPI_COMM_WORLD);

    const boost::mpi::communicator all = boost_comm(everyone);
    const boost::mpi::communicator node = boost_node_comm(everyone);
    const boost::mpi::communicator leaders = boost_leader_comm(everyone);

    EXPECT_TRUE(are_equal(all, everyone.comm()));
    EXPECT_EQ(all.rank(), everyone.rank());
    EXPECT_TRUE(are_equal(node, everyone.node_comm()));
    EXPECT_EQ(node.size(), everyone.node_size());
    ASSERT_EQ(static_cast<bool>(leaders), everyone.is_leader());
    if (everyone.is_leader()) {
        EXPECT_TRUE(are_equal(leaders, everyone.leader_comm()));
        EXPECT_EQ(leaders.size(), everyone.nodes());
    }
}

TEST(BoostMpi, SendsWhatItSerialisesBetweenTheRanksOfATeam) {
    const team everyone(MPI_COMM_WORLD);
    const std::string mine(static_cast<std::size_t>(everyone.rank()), 'x');
    std::vector<std::string> all;

    boost::mpi::all_gather(boost_comm(everyone), mine, all);
    const int ranks = boost::mpi::all_reduce(boost_node_comm(everyone), 1, std::plus<>());

    ASSERT_EQ(all.size(), static_cast<std::size_t>(everyone.size()));
    for (std::size_t rank = 0; rank < all.size(); ++rank) EXPECT_EQ(all[rank].size(), rank);
    EXPECT_EQ(ranks, everyone.node_size());
}

TEST(BoostMpi, LeavesTheTeamItsCommunicators) {
    team everyone(MPI_COMM_WORLD);

    for (int i = 0; i < 3; ++i) { // ended, copies and all
        const boost::mpi::communicator attached = boost_comm(everyone), copy = attached;
        copy.barrier();
    }

    EXPECT_EQ(boost::mpi::all_reduce(boost_comm(everyone), 1, std::plus<>()), everyone.size());
    everyone.fence();
}

} // namespace
