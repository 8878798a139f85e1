// What is a fence and what is none; several teams; work that is shared out; algorithms.

#include "race_case.hpp"

#include <array>

namespace races {
namespace {

using nodespan::box;

array<double, 1> line(team& t) {
    return {t, {64 * t.size()}, {.name = "line"}};
}

// All write what is theirs, `between` follows, the second one reads what the first one wrote.
template <class Between>
void written_before(team& t, Between&& between) {
    auto x = line(t);
    be_late(t);
    nodespan::fill(x, 1.0);
    between(x);
    if (is_second(t)) use(x.node()(3));
    x.fence();
}

void all_reduce_is_no_fence(team& t, bool is_racy) {
    written_before(t, [&](auto& x) {
        use(nodespan::all_reduce(t, 1.0));
        if (!is_racy) x.fence();
    });
}

void broadcast_is_no_fence(team& t, bool is_racy) {
    written_before(t, [&](auto& x) {
        double value = 1;
        nodespan::broadcast(t, std::span<double>(&value, 1));
        if (!is_racy) x.fence();
    });
}

void sum_is_no_fence(team& t, bool is_racy) {
    written_before(t, [&](auto& x) {
        use(nodespan::sum(x));
        if (!is_racy) x.fence();
    });
}

void team_fence_for_the_array(team& t, bool is_racy) {
    written_before(t, [&](auto&) {
        if (!is_racy) t.fence();
    });
}

void node_fence_inside_a_node(team& t, bool is_racy) {
    written_before(t, [&](auto& x) {
        if (!is_racy) x.node_fence();
    });
}

void array_made_meanwhile(team& t, bool is_racy) {
    written_before(t, [&](auto&) {
        if (!is_racy) line(t);
    });
}

void counter_reset_meanwhile(team& t, bool is_racy) {
    nodespan::counter c(t);
    written_before(t, [&](auto&) {
        if (is_racy)
            c.next();
        else
            c.reset();
    });
}

void mpi_barrier_is_not_known(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    if (is_first(t)) x.node()(3) = 1;
    if (!is_racy) x.fence();
    MPI_Barrier(t.comm());
    if (is_second(t)) use(x.node()(3));
    x.fence();
}

void transform_and_read(team& t, bool is_racy) {
    auto x = line(t), y = line(t);
    be_late(t);
    nodespan::transform(x, y, [](double value) { return value + 1; });
    if (!is_racy) t.fence();
    if (is_second(t)) use(y.node()(3));
    t.fence();
}

void for_each_and_read(team& t, bool is_racy) {
    written_before(t, [&](auto& x) {
        nodespan::for_each(x, [](double& value) { value += 1; });
        if (!is_racy) x.fence();
    });
}

void copy_and_read(team& t, bool is_racy) {
    auto x = line(t), y = line(t);
    be_late(t);
    nodespan::copy(x, y);
    if (!is_racy) t.fence();
    if (is_second(t)) use(y.node()(3));
    t.fence();
}

void sum_and_write(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    use(nodespan::sum(x));
    if (!is_racy) x.fence();
    if (is_second(t)) x.node()(3) = 1;
    x.fence();
}

void work_shared_out(team& t, bool is_racy) {
    array<double, 1> x(t, {64 * t.size()}, {.name = "line"});
    const index_t base = x.node_box().lo[0];
    be_late(t);
    nodespan::work_share(t, box<1>{{0}, {40}}, 3, [&](index_t i) {
        x.node()(t.nodes() > 1 ? t.node_rank() * 64 + i : i) = 1;
        if (is_racy) x(base + 50) = 1;
    });
    if (is_racy) x(base + 51) = 1; // by all: whoever had work
    x.fence();
}

void read_after_work_share(team& t, bool is_racy) {
    array<double, 1> x(t, {64 * t.size()}, {.name = "line"});
    be_late(t);
    nodespan::work_share(t, box<1>{{0}, {40}}, 3,
                         [&](index_t i) { x.node()(t.node_rank() * 64 + i % 64) = 1; });
    if (is_racy && is_second(t)) x.node()(3) = 1;
    use(x.node()(3));
    x.fence();
}

void split_team_fences_for_itself(team& t, bool is_racy) {
    auto x = line(t);
    team part = t.split(t.node());
    array<double, 1> y(part, {16 * part.size()}, {.name = "part"});
    be_late(t);
    if (is_first(t)) y.node()(3) = 1;
    if (!is_racy) y.fence();
    if (is_second(t)) use(y.node()(3));
    y.fence();
    t.fence();
}

void two_teams_of_the_same_ranks(team& t, bool is_racy) {
    team other{t.comm()};
    auto x = line(t);
    array<double, 1> y(other, {64 * t.size()}, {.name = "of the other team"});
    be_late(t);
    if (is_first(t)) x.node()(1) = y.node()(1) = 1;
    if (!is_racy) {
        t.fence();
        other.fence();
    }
    if (is_second(t)) {
        use(x.node()(1));
        use(y.node()(1));
    }
    t.fence();
    other.fence();
}

void alone_in_its_team(team& t, bool is_racy) {
    team alone = t.split(t.rank());
    array<double, 1> mine(alone, {16}, {.name = "mine"});
    auto x = line(t);
    be_late(t);
    for (index_t i = 0; i < 16; ++i) mine(i) = 1;
    if (is_first(t)) x.node()(1) = mine(1);
    if (is_racy)
        alone.fence(); // a fence of others
    else
        t.fence();
    if (is_second(t)) use(x.node()(1));
    t.fence();
}

void reduced_in_place(team& t, bool is_racy) {
    auto x = line(t);
    auto mine = x.local();
    be_late(t);
    for (index_t i = 0; i < 64; ++i) mine(i) = 1;
    nodespan::all_reduce(t, std::span<double>(&mine(0), 64));
    if (!is_racy) x.fence();
    if (is_second(t)) use(x.node()(3));
    x.fence();
}

} // namespace

std::vector<race_case> order_cases() {
    return {{"all_reduce_is_no_fence", needs::peers, all_reduce_is_no_fence},
            {"broadcast_is_no_fence", needs::peers, broadcast_is_no_fence},
            {"sum_is_no_fence", needs::peers, sum_is_no_fence},
            {"team_fence_for_the_array", needs::peers, team_fence_for_the_array},
            {"node_fence_inside_a_node", needs::peers, node_fence_inside_a_node},
            {"array_made_meanwhile", needs::peers, array_made_meanwhile},
            {"counter_reset_meanwhile", needs::peers, counter_reset_meanwhile},
            {"mpi_barrier_is_not_known", needs::peers, mpi_barrier_is_not_known},
            {"transform_and_read", needs::peers, transform_and_read},
            {"for_each_and_read", needs::peers, for_each_and_read},
            {"copy_and_read", needs::peers, copy_and_read},
            {"sum_and_write", needs::peers, sum_and_write},
            {"work_shared_out", needs::peers, work_shared_out},
            {"read_after_work_share", needs::peers, read_after_work_share},
            {"split_team_fences_for_itself", needs::peers, split_team_fences_for_itself},
            {"two_teams_of_the_same_ranks", needs::peers, two_teams_of_the_same_ranks},
            {"alone_in_its_team", needs::peers, alone_in_its_team},
            {"reduced_in_place", needs::peers, reduced_in_place}};
}

} // namespace races
