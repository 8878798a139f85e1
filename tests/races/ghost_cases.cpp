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

} // namespace

std::vector<race_case> ghost_cases() {
    return {{"relaxed_in_place", needs::peers, relaxed_in_place},
            {"neighbours_read_before_exchange", needs::peers, neighbours_read_before_exchange},
            {"edge_written_during_exchange", needs::both, edge_written_during_exchange},
            {"ghosts_read_during_exchange", needs::peers, ghosts_read_during_exchange},
            {"boundary_written_by_two", needs::peers, boundary_written_by_two},
            {"plane_with_corners", needs::peers, plane_with_corners}};
}

} // namespace races
