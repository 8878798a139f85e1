#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::errc;
using nodespan::team;

int rank_in(MPI_Comm comm) {
    int rank = -1;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

int size_of(MPI_Comm comm) {
    int size = -1;
    MPI_Comm_size(comm, &size);
    return size;
}

// Whether a team's numbers fit together, on this rank and between ranks.
void expect_sound(const team& t) {
    EXPECT_EQ(t.node_of(t.rank()), t.node());
    EXPECT_EQ(t.placement().first_rank(t.node()) + t.node_rank(), t.rank());
    EXPECT_EQ(t.placement().node_size(t.node()), t.node_size());
    EXPECT_EQ(t.placement().size(), t.size());
    EXPECT_EQ(t.placement().nodes(), t.nodes());
    EXPECT_EQ(t.is_leader(), t.node_rank() == 0);
    for (int rank = 1; rank < t.size(); ++rank) EXPECT_LE(t.node_of(rank - 1), t.node_of(rank));

    EXPECT_EQ(rank_in(t.comm()), t.rank());
    EXPECT_EQ(size_of(t.comm()), t.size());
    EXPECT_EQ(rank_in(t.node_comm()), t.node_rank());
    EXPECT_EQ(size_of(t.node_comm()), t.node_size());
    EXPECT_EQ(t.leader_comm() != MPI_COMM_NULL, t.is_leader());
    if (t.is_leader()) {
        EXPECT_EQ(rank_in(t.leader_comm()), t.node());
        EXPECT_EQ(size_of(t.leader_comm()), t.nodes());
    }
}

TEST(Team, NumbersRanksNodeByNode) {
    const team everyone(MPI_COMM_WORLD);

    EXPECT_EQ(everyone.size(), world_size());
    expect_sound(everyone);
}

TEST(Team, KeepsTheNumbersOfACommunicatorOrderedNodeByNode) {
    const team everyone(MPI_COMM_WORLD);

    EXPECT_EQ(everyone.rank(), world_rank());
    for (int rank = 0; rank < everyone.size(); ++rank) EXPECT_EQ(everyone.comm_rank(rank), rank);
}

TEST(Team, CutsNodesIntoSimulatedOnesByOption) {
    const auto host = host_place::find();
    for (int k = 1; k <= world_size() + 1; ++k) {
        SCOPED_TRACE(k);
        const team cut(MPI_COMM_WORLD, {k});

        EXPECT_EQ(cut.nodes(), host.nodes_of(k));
        EXPECT_EQ(cut.node_rank(), host.rank % k);
        if (host.size == world_size()) {
            EXPECT_EQ(cut.node(), world_rank() / k);
        }
        expect_sound(cut);
    }
}

TEST(Team, CutsNodesIntoSimulatedOnesByEnvironment) {
    const scoped_variable variable("NODESPAN_RANKS_PER_NODE", "1");

    const team cut(MPI_COMM_WORLD);

    EXPECT_EQ(cut.nodes(), world_size());
}

TEST(Team, AnOptionOverridesTheEnvironment) {
    const scoped_variable variable("NODESPAN_RANKS_PER_NODE", "1");

    const team cut(MPI_COMM_WORLD, {2});

    EXPECT_EQ(cut.nodes(), host_place::find().nodes_of(2));
}

TEST(Team, AnEmptyVariableOrZeroMeansRealNodes) {
    for (const char* text : {"", "0"}) {
        const scoped_variable variable("NODESPAN_RANKS_PER_NODE", text);

        const team real(MPI_COMM_WORLD);

        EXPECT_EQ(real.nodes(), host_place::find().nodes_of(0)) << '"' << text << '"';
    }
}

TEST(Team, RefusesTextThatIsNoNumberOfRanksOnEveryRank) {
    for (const char* text : {"two", "-1", "2x", "1.5", " 2", "99999999999999"}) {
        SCOPED_TRACE(text);
        const scoped_variable variable("NODESPAN_RANKS_PER_NODE", text);

        const auto refused = caught([] { const team never(MPI_COMM_WORLD); });

        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_TRUE(refused.collective);
        EXPECT_THAT(refused.text, testing::HasSubstr(text));
    }
}

TEST(Team, RefusesABadVariableOfOneRankOnEveryRank) {
    const int last = world_size() - 1;
    const scoped_variable variable("NODESPAN_RANKS_PER_NODE", world_rank() == last ? "x" : "1");

    const auto refused = caught([] { const team never(MPI_COMM_WORLD); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_TRUE(refused.collective);
}

TEST(Team, RefusesANegativeOptionOnEveryRank) {
    const auto all = caught([] { const team never(MPI_COMM_WORLD, {-3}); });
    const auto one = caught([] { const team never(MPI_COMM_WORLD, {world_rank() == 0 ? -3 : 0}); });

    EXPECT_EQ(all.code, errc::invalid_argument);
    EXPECT_EQ(one.code, errc::invalid_argument);
    EXPECT_THAT(one.text, testing::HasSubstr("-3"));
}

TEST(Team, RefusesTheNullCommunicator) {
    const auto refused = caught([] { const team never(MPI_COMM_NULL); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, testing::HasSubstr("MPI_COMM_NULL"));
}

TEST(Team, RefusesAnInterCommunicator) {
    if (world_size() < 2) GTEST_SKIP() << "needs two groups";
    const int side = world_rank() % 2;
    const scoped_comm half(side, world_rank());
    MPI_Comm bridge = MPI_COMM_NULL;
    MPI_Intercomm_create(half.get(), 0, MPI_COMM_WORLD, 1 - side, 5, &bridge);

    const auto refused = caught([&] { const team never(bridge); });

    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, testing::HasSubstr("inter-communicator"));
    MPI_Comm_free(&bridge);
}

TEST(Team, RefusesRanksThatDoNotExist) {
    const team everyone(MPI_COMM_WORLD);

    EXPECT_EQ(caught([&] { static_cast<void>(everyone.node_of(-1)); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(everyone.node_of(everyone.size())); }).code,
              errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(everyone.comm_rank(-1)); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(everyone.comm_rank(everyone.size())); }).code,
              errc::out_of_range);
}

// Numbers of a team over a communicator in another order, against numbers collected by MPI.
void expect_translated(const scoped_comm& comm, int ranks_per_node) {
    const team t(comm.get(), {ranks_per_node});
    int mine = 0;
    MPI_Comm_rank(comm.get(), &mine);
    std::vector<int> collected(static_cast<std::size_t>(t.size()));
    MPI_Allgather(&mine, 1, MPI_INT, collected.data(), 1, MPI_INT, t.comm());

    expect_sound(t);
    EXPECT_EQ(t.comm_rank(t.rank()), mine);
    for (int rank = 0; rank < t.size(); ++rank)
        EXPECT_EQ(t.comm_rank(rank), collected[static_cast<std::size_t>(rank)]);
    EXPECT_EQ(std::set<int>(collected.begin(), collected.end()).size(), collected.size());
}

TEST(Team, TranslatesRanksOfAReversedCommunicator) {
    for (int k = 0; k <= 3; ++k) {
        SCOPED_TRACE(k);
        expect_translated(scoped_comm(0, -world_rank()), k);
    }
}

TEST(Team, TranslatesRanksOfAnInterleavedCommunicator) {
    const int key = world_rank() % 2 * 1000 + world_rank();
    for (int k = 0; k <= 3; ++k) {
        SCOPED_TRACE(k);
        expect_translated(scoped_comm(0, key), k);
    }
}

TEST(Team, SeveralLiveAtOnceAndKeepApart) {
    team a(MPI_COMM_WORLD, {1}), b(MPI_COMM_WORLD, {2}), c(MPI_COMM_WORLD);

    for (int i = 0; i < 50; ++i) {
        a.fence();
        c.fence();
        b.fence();
        b.node_fence();
    }

    EXPECT_EQ(a.nodes(), world_size());
    expect_sound(a);
    expect_sound(b);
    expect_sound(c);
}

TEST(Team, MovesAndGoesOn) {
    team first(MPI_COMM_WORLD);
    team second(std::move(first));
    team third(MPI_COMM_WORLD, {1});

    third = std::move(second);
    third.fence();

    EXPECT_EQ(third.size(), world_size());
    expect_sound(third);
}

TEST(Team, RefusesToBeUsedOnceItHasBeenMovedFrom) {
    team source(MPI_COMM_WORLD);

    team everyone = std::move(source);

    const std::vector<std::function<void()>> calls{
        [&] { static_cast<void>(source.rank()); },
        [&] { static_cast<void>(source.size()); },
        [&] { static_cast<void>(source.node_of(0)); },
        [&] { static_cast<void>(source.comm()); },
        [&] { static_cast<void>(source.placement()); },
        [&] { source.fence(); },
        [&] { source.node_fence(); },
        [&] { source.progress(); },
        [&] { static_cast<void>(source.split(0)); },
        [&] { nodespan::array<int, 1>(source, {10}); },
        [&] { nodespan::queue<int>{source}; },
        [&] {
            nodespan::ring<int>{source, 10};
        },
        [&] { nodespan::replicated<int, 1>(source, {10}); },
        [&] { nodespan::counter{source}; },
        [&] { static_cast<void>(nodespan::all_reduce(source, 1)); },
        [&] { static_cast<void>(nodespan::open_npy<int, 1>(source, "a.npy")); },
    };
    for (std::size_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(caught(calls[i]).code, errc::invalid_argument) << "call " << i;
    EXPECT_EQ(caught(calls[0]).text,
              "nodespan: team: it has been moved from; use the one it was moved to");
    everyone.fence();
}

TEST(Team, LeavesTheErrorHandlerOfTheHostsCommunicatorAlone) {
    const scoped_comm comm(0, world_rank());
    for (const MPI_Errhandler chosen : {MPI_ERRORS_ARE_FATAL, MPI_ERRORS_RETURN}) {
        MPI_Comm_set_errhandler(comm.get(), chosen);

        team t(comm.get());
        t.fence();

        MPI_Errhandler now = MPI_ERRHANDLER_NULL;
        MPI_Comm_get_errhandler(comm.get(), &now);
        EXPECT_EQ(now, chosen);
        MPI_Errhandler_free(&now);
    }
}

TEST(MpiCategory, KnowsTheClassOfACodeAndTellsItInOneLine) {
    int code = MPI_SUCCESS, own_class = 0, own_code = MPI_SUCCESS;
    MPI_Add_error_code(MPI_ERR_WIN, &code);
    MPI_Add_error_class(&own_class); // MPICH 4.0 loses the text of a code in one of MPI's classes
    MPI_Add_error_code(own_class, &own_code);
    MPI_Add_error_string(own_code, "no window\nin two lines");

    const std::error_code failure(code, nodespan::mpi_category());
    const std::error_code own(own_code, nodespan::mpi_category());

    EXPECT_EQ(failure, std::error_condition(MPI_ERR_WIN, nodespan::mpi_category()));
    EXPECT_NE(failure, std::error_condition(MPI_ERR_ARG, nodespan::mpi_category()));
    EXPECT_EQ(failure.message().find('\n'), std::string::npos);
    EXPECT_EQ(own.message(), "no window in two lines");
    EXPECT_EQ(own, std::error_condition(own_class, nodespan::mpi_category()));
    EXPECT_EQ(std::error_code(MPI_ERR_WIN, nodespan::mpi_category()),
              std::error_condition(MPI_ERR_WIN, nodespan::mpi_category()));
}

TEST(Team, NeverMeetsTheHostsMessages) {
    const scoped_comm comm(0, world_rank());
    int token = world_rank(), received = -1;
    const int next = (world_rank() + 1) % world_size();
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Irecv(&received, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm.get(), &request);

    {
        team t(comm.get(), {1});
        for (int i = 0; i < 20; ++i) t.fence();
    }
    MPI_Send(&token, 1, MPI_INT, next, 1, comm.get());
    MPI_Wait(&request, MPI_STATUS_IGNORE);

    EXPECT_EQ(received, (world_rank() + world_size() - 1) % world_size());
}

} // namespace
