// Ghosts: copies of neighbours' elements.

#include "race_case.hpp"

namespace races {
namespace {

array<double, 1> rod(team& t, const char* name, bool is_periodic = false) {
    return {
        t, {16 * t.size()}, {.ghosts = {.width = {1}, .periodic = {is_periodic}}, .name = name}};
}

// The rank's elements that have two neighbours, by the node's view with ghosts.
template <class F>
void for_inner(array<double, 1>& x, F&& f) {
    const index_t first = x.node_box_with_ghosts().lo[0];
    for (index_t i = x.rank_box().lo[0]; i < x.rank_box().hi[0]; ++i)
        if (i > 0 && i + 1 < x.extent(0)) f(i - first);
}

void relaxed_in_place(team& t, bool is_racy) {
    auto x = rod(t, "from"), y = rod(t, "to");
    for (int step = 0; step < 4; ++step) {
        auto& from = is_racy || step % 2 == 0 ? x : y;
        auto& to = is_racy ? x : step % 2 == 0 ? y : x;
        from.exchange_ghosts();
        be_late(t);
        auto v = from.node_with_ghosts(), w = to.node_with_ghosts();
        for_inner(from, [&](index_t i) { w(i) = (v(i - 1) + v(i + 1)) / 2; });
    }
    t.fence();
}

void neighbours_read_before_exchange(team& t, bool is_racy) {
    auto x = rod(t, "rod");
    be_late(t);
    nodespan::fill(x, 1.0);
    if (!is_racy) x.exchange_ghosts();
    auto v = x.node_with_ghosts();
    double sum = 0;
    for_inner(x, [&](index_t i) { sum += v(i - 1) + v(i + 1); });
    use(sum);
    x.fence();
}

void edge_written_during_exchange(team& t, bool is_racy) {
    auto x = rod(t, "rod");
    x.start_exchange_ghosts();
    be_late(t);
    auto mine = x.local();
    for (index_t i = is_racy ? 0 : 1; i < mine.extent(0) - (is_racy ? 0 : 1); ++i) mine(i) = 1;
    x.finish_exchange_ghosts();
    x.fence();
}

void ghosts_read_during_exchange(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    x.start_exchange_ghosts();
    be_late(t);
    auto v = x.node_with_ghosts();
    if (is_racy && is_second(t)) use(v(0));
    x.finish_exchange_ghosts();
    if (!is_racy && is_second(t)) use(v(0));
    x.fence();
}

void boundary_written_by_two(team& t, bool is_racy) {
    auto x = rod(t, "rod");
    be_late(t);
    auto v = x.node_with_ghosts();
    if (is_first(t)) v(0) = 1;
    if (is_racy && is_second(t)) v(0) = 2;
    x.exchange_ghosts();
    x.fence();
}

void plane_with_corners(team& t, bool is_racy) {
    array<double, 2> x(t, {4 * t.size(), 8}, {.ghosts = {.width = {1, 1}}, .name = "plane"});
    be_late(t);
    auto mine = x.local();
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < 8; ++j) mine(i, j) = 1;
    if (!is_racy) x.exchange_ghosts();
    auto v = x.local_with_ghosts();
    if (is_second(t)) use(v(0, 4)); // of the first one
    x.fence();
}

// Ghosts that are copies: of other nodes' elements, or of this node's across a periodic edge.

void sum_of_all_with_ghosts(array<double, 1>& x) {
    double sum = 0;
    auto v = x.node_with_ghosts();
    for (index_t i = 0; i < v.extent(0); ++i) sum += v(i);
    use(sum);
}

void stale_after_fence(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    nodespan::fill(x, 1.0);
    x.exchange_ghosts();
    x.fence();
    be_late(t);
    nodespan::fill(x, 2.0);
    x.fence();
    if (!is_racy) x.exchange_ghosts();
    sum_of_all_with_ghosts(x);
    x.fence();
}

void never_exchanged(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    nodespan::fill(x, 1.0);
    if (!is_racy) x.exchange_ghosts();
    x.fence();
    sum_of_all_with_ghosts(x);
    x.fence();
}

// The same element, and not its neighbour, is stale.
void stale_corner(team& t, bool is_racy) {
    array<double, 2> x(t, {4 * t.size(), 8},
                       {.ghosts = {.width = {1, 1}, .periodic = {true, true}}, .name = "plane"});
    nodespan::fill(x, 1.0);
    x.exchange_ghosts();
    x.fence();
    be_late(t);
    const auto mine = x.node_box();
    if (is_first(t)) x(mine.lo[0], 0) = 2; // on this node, and on that of the rows before it
    x.fence();
    auto v = x.node_with_ghosts();
    const index_t below = v.extent(0) - 1;
    if (t.node_rank() == t.node_size() - 1) {
        use(v(0, is_racy ? 9 : 4)); // of the last row, which nobody wrote
        use(v(below, is_racy ? 1 : 2));
    }
    x.fence();
}

void fill_own(array<double, 2, nodespan::column_major>& x, double value) {
    auto mine = x.local();
    for (index_t j = 0; j < mine.extent(1); ++j)
        for (index_t i = 0; i < mine.extent(0); ++i) mine(i, j) = value;
}

void stale_column_major(team& t, bool is_racy) {
    array<double, 2, nodespan::column_major> x(
        t, {8, 4 * t.size()},
        {.ghosts = {.width = {1, 1}, .periodic = {true, true}}, .name = "plane"});
    fill_own(x, 1);
    x.exchange_ghosts();
    x.fence();
    be_late(t);
    fill_own(x, 2);
    x.fence();
    if (!is_racy) x.exchange_ghosts();
    auto v = x.node_with_ghosts();
    if (is_second(t) || t.node_size() == 1) use(v(3, 0));
    x.fence();
}

// Started and finished apart, and the element changed atomically.
void stale_after_split_exchange(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    x.start_exchange_ghosts();
    x.finish_exchange_ghosts();
    x.fence();
    be_late(t);
    if (is_first(t)) x.fetch_add({x.node_box().lo[0]}, 1.0);
    x.fence();
    if (!is_racy) {
        x.start_exchange_ghosts();
        x.finish_exchange_ghosts();
    }
    sum_of_all_with_ghosts(x);
    x.fence();
}

void stale_by_put_from_elsewhere(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    x.exchange_ghosts();
    x.fence();
    be_late(t);
    if (t.rank() == 0) x.put({x.extent(0) - 1}, 2.0); // whose copy this rank's node holds
    x.fence();
    if (!is_racy) x.exchange_ghosts();
    auto v = x.node_with_ghosts();
    if (t.rank() == 0) use(v(0));
    x.fence();
}

// Only the old value is read while the owner writes: the ghost is a copy. A rank may also compute
// ghosts itself, as wide ones allow, instead of bringing them.
void computed_instead_of_exchanged(team& t, bool is_racy) {
    auto x = rod(t, "rod", true);
    nodespan::fill(x, 1.0);
    x.exchange_ghosts();
    x.fence();
    be_late(t);
    sum_of_all_with_ghosts(x); // one node: before it writes
    x.fence();
    nodespan::fill(x, 2.0);
    auto v = x.node_with_ghosts();
    if (!is_racy && is_first(t)) v(0) = v(v.extent(0) - 1) = 2;
    x.fence();
    sum_of_all_with_ghosts(x);
    x.fence();
}

} // namespace

std::vector<race_case> ghost_cases() {
    return {{"relaxed_in_place", needs::peers, relaxed_in_place},
            {"neighbours_read_before_exchange", needs::peers, neighbours_read_before_exchange},
            {"edge_written_during_exchange", needs::both, edge_written_during_exchange},
            {"ghosts_read_during_exchange", needs::peers, ghosts_read_during_exchange},
            {"boundary_written_by_two", needs::peers, boundary_written_by_two},
            {"plane_with_corners", needs::peers, plane_with_corners},
            {"stale_after_fence", needs::ranks, stale_after_fence},
            {"never_exchanged", needs::ranks, never_exchanged},
            {"stale_corner", needs::ranks, stale_corner},
            {"stale_column_major", needs::ranks, stale_column_major},
            {"stale_after_split_exchange", needs::ranks, stale_after_split_exchange},
            {"stale_by_put_from_elsewhere", needs::ranks, stale_by_put_from_elsewhere},
            {"computed_instead_of_exchanged", needs::ranks, computed_instead_of_exchanged}};
}

} // namespace races
