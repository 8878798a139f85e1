// Teams and arrays whose nodes, ranks and boxes are not alike: everything that crosses nodes.

#include <nodespan/array.hpp>
#include <nodespan/counter.hpp>
#include <nodespan/replicated.hpp>

#include "ghost_cases.hpp"
#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <span>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::accumulate_op;
using nodespan::array;
using nodespan::array_options;
using nodespan::box;
using nodespan::index_t;
using nodespan::indices;
using nodespan::request;
using nodespan::team;

using field = array<double, 2>;

double value(const indices<2>& at, int epoch) {
    return static_cast<double>(1000 * at[0] + at[1] + 100'000 * epoch);
}

std::vector<double> values(const box<2>& patch, int epoch, double more = 0) {
    std::vector<double> result;
    for_each_index(patch, [&](const indices<2>& at) { result.push_back(value(at, epoch) + more); });
    return result;
}

box<2> all_of(const field& a) {
    return {{0, 0}, a.extents()};
}

std::vector<double> got(const field& a, const box<2>& patch) {
    std::vector<double> result(static_cast<std::size_t>(patch.size()), -1);
    a.get(patch, result);
    return result;
}

void write_mine(field& a, int epoch) {
    for_each_index(a.rank_box(), [&](const indices<2>& at) { a(at[0], at[1]) = value(at, epoch); });
}

// Every rank puts another rank's box, and reads everything.
void expect_puts_and_gets(field& a) {
    team& t = a.get_team();
    write_mine(a, 1);
    a.fence();
    EXPECT_EQ(got(a, all_of(a)), values(all_of(a), 1));
    a.fence();

    const box<2> theirs = a.rank_box_of((t.rank() + t.size() / 2 + 1) % t.size());
    a.put(theirs, values(theirs, 2));
    EXPECT_EQ(got(a, theirs), values(theirs, 2)); // my own order holds before a fence
    a.fence();

    EXPECT_EQ(got(a, all_of(a)), values(all_of(a), 2));
    index_t wrong = 0;
    for_each_index(a.node_box(),
                   [&](const indices<2>& at) { wrong += a(at[0], at[1]) != value(at, 2) ? 1 : 0; });
    EXPECT_EQ(wrong, 0);
    a.fence();
}

// Every rank adds to every element.
void expect_sums(field& a) {
    team& t = a.get_team();
    write_mine(a, 3);
    a.fence();

    const std::vector<double> ones(static_cast<std::size_t>(a.size()), 1);
    a.accumulate(all_of(a), ones);
    a.accumulate(all_of(a), ones, accumulate_op::sum, 2.0);
    std::vector<indices<2>> corners;
    if (a.size() > 0) corners = {{0, 0}, {a.extent(0) - 1, a.extent(1) - 1}, {0, 0}};
    a.scatter_add(corners, std::vector<double>(corners.size(), 0));
    a.fence();

    EXPECT_EQ(got(a, all_of(a)), values(all_of(a), 3, 3.0 * t.size()));
    std::vector<double> gathered(corners.size());
    a.gather(corners, gathered);
    for (std::size_t i = 0; i < corners.size(); ++i)
        EXPECT_EQ(gathered[i], value(corners[i], 3) + 3.0 * t.size());
    a.fence();
}

void expect_locks_and_tickets(team& t) {
    array<index_t, 1> sum(t, {2 * t.size()});
    nodespan::counter tickets(t);
    for (int i = 0; i < 5; ++i) {
        const std::scoped_lock one_at_a_time(sum.mutex(t.nodes() - 1));
        const indices<1> at{2 * t.size() - 1};
        sum.put(at, sum.get(at) + 1);
        tickets.next();
    }
    t.fence();
    EXPECT_EQ(sum.get({2 * t.size() - 1}), 5 * t.size());
    t.fence();
    const index_t next = tickets.next();
    EXPECT_GE(next, 5 * t.size());
    EXPECT_LT(next, 6 * t.size());
}

void expect_one_table(team& t) {
    nodespan::replicated<int, 1> table(t, {1000});
    const int root = t.size() / 2;
    std::vector<int> given(1000);
    std::iota(given.begin(), given.end(), 5 + root);
    table.load(given, root);
    EXPECT_TRUE(std::equal(given.begin(), given.end(), table.node().begin()));
}

// All that an array does, in this team, cut this way.
void expect_all_works(team& t, const indices<2>& extents, const array_options& cut = {}) {
    SCOPED_TRACE(testing::Message() << t.size() << " ranks, " << t.nodes() << " nodes, extents "
                                    << extents[0] << " " << extents[1]);
    {
        field a(t, extents, cut);
        expect_puts_and_gets(a);
        expect_sums(a);
    }
    for (const bool periodic : {false, true}) {
        array_options options = cut;
        options.ghosts = {{extents[0] > 1 ? 2 : 1, 1}, {periodic, !periodic}};
        ghost_check<double, 2> check(t, extents, options);
        check.run(3);
        expect_puts_and_gets(check.elements);
        check.run(2);
    }
}

void expect_all_works(team& t) {
    expect_all_works(t, {3 * t.size() + 1, 7});
    expect_all_works(t, {2, 5});
    expect_all_works(t, {1, 1});
    expect_locks_and_tickets(t);
    expect_one_table(t);
}

TEST(Cluster, TeamsOfEveryOtherRankWorkSideBySide) {
    const scoped_comm half(world_rank() % 2, world_rank());
    for (int k = 0; k <= 3; ++k) {
        SCOPED_TRACE(k);
        team mine(half.get(), {k});

        expect_all_works(mine);
    }
}

TEST(Cluster, RanksMayBePlacedInAnyOrder) {
    const int orders[] = {-world_rank(), world_rank() % 2 * 1000 + world_rank(),
                          world_rank() * 5 % 7};
    for (const int key : orders)
        for (int k = 0; k <= 2; ++k) {
            SCOPED_TRACE(testing::Message() << "key " << key << ", " << k << " a node");
            const scoped_comm comm(0, key);
            team everyone(comm.get(), {k});

            expect_all_works(everyone);
        }
}

// Cut points for which only the ranks chosen own rows: as many each.
array_options owned_by(const team& t, const std::vector<int>& owners, index_t rows) {
    std::vector<index_t> cuts{0};
    index_t mine = 0;
    for (int rank = 0; rank < t.size(); ++rank) {
        mine += std::count(owners.begin(), owners.end(), rank);
        cuts.push_back(rows * mine / static_cast<index_t>(owners.size()));
    }
    array_options options;
    options.distribution.cuts = {cuts, {}};
    return options;
}

TEST(Cluster, NodesMayOwnNothing) {
    team everyone(MPI_COMM_WORLD);
    for (int poor = 0; poor < everyone.nodes() && everyone.nodes() > 1; ++poor) {
        SCOPED_TRACE(poor);
        std::vector<int> owners;
        for (int rank = 0; rank < everyone.size(); ++rank)
            if (everyone.node_of(rank) != poor) owners.push_back(rank);

        expect_all_works(everyone, {11, 4}, owned_by(everyone, owners, 11));
    }
}

TEST(Cluster, OneRankMayOwnEverything) {
    team everyone(MPI_COMM_WORLD);
    for (int rich = 0; rich < everyone.size(); ++rich) {
        SCOPED_TRACE(rich);

        expect_all_works(everyone, {5, 3}, owned_by(everyone, {rich}, 5));
    }
}

TEST(Cluster, NodesAlongTheSecondDimensionOwnColumns) {
    team everyone(MPI_COMM_WORLD);
    array_options columns;
    columns.distribution.node_grid = {1, 0};

    expect_all_works(everyone, {6, 2 * everyone.size()}, columns);
    expect_all_works(everyone, {6, 2}, columns);
}

TEST(Cluster, TransfersOfSeveralTeamsInterleave) {
    team everyone(MPI_COMM_WORLD), singles(MPI_COMM_WORLD, {1}), pairs(MPI_COMM_WORLD, {2});
    team half = everyone.split(everyone.rank() % 2);
    team* const teams[] = {&everyone, &singles, &half, &pairs};
    std::vector<field> fields;
    for (team* t : teams) fields.emplace_back(*t, indices<2>{4 * t->size(), 9});

    for (int epoch = 0; epoch < 12; ++epoch) {
        std::vector<std::vector<double>> sent;
        std::vector<request> under_way;
        for (field& a : fields) {
            team& t = a.get_team();
            const box<2> theirs = a.rank_box_of((t.rank() + 1 + epoch) % t.size());
            sent.push_back(values(theirs, epoch));
            under_way.push_back(a.put_async(theirs, sent.back()));
        }
        wait_all(under_way);
        for (std::size_t i = fields.size(); i-- > 0;) fields[i].fence();

        std::vector<std::vector<double>> received;
        std::vector<request> back;
        for (field& a : fields) {
            received.emplace_back(static_cast<std::size_t>(a.size()));
            back.push_back(a.get_async(all_of(a), received.back()));
        }
        for (std::size_t i = back.size(); i-- > 0;) back[i].wait();
        for (std::size_t i = 0; i < fields.size(); ++i)
            EXPECT_EQ(received[i], values(all_of(fields[i]), epoch)) << "team " << i;
        for (field& a : fields) a.fence();
    }
}

TEST(Cluster, ATeamOfFewerNodesWorksWhileTheWholeHasTransfersUnderWay) {
    team everyone(MPI_COMM_WORLD);
    field whole(everyone, {4 * everyone.size(), 9});
    const box<2> theirs = whole.rank_box_of((everyone.rank() + 1) % everyone.size());

    whole.put(theirs, values(theirs, 8));
    {
        team part = everyone.split(everyone.node() < (everyone.nodes() + 1) / 2 ? 0 : 1);
        expect_all_works(part);
    }
    whole.fence();

    EXPECT_EQ(got(whole, all_of(whole)), values(all_of(whole), 8));
}

TEST(Cluster, ATeamOfLeadersHasNodesOfOneRank) {
    team everyone(MPI_COMM_WORLD);
    team part = everyone.split(everyone.is_leader() ? 0 : 1);

    if (everyone.is_leader()) {
        EXPECT_EQ(part.nodes(), part.size());
    }
    expect_all_works(part);
}

} // namespace
