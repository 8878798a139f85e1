// Transfers, from the own node and from others.

#include "race_case.hpp"

#include <array>

namespace races {
namespace {

using nodespan::box;
using nodespan::indices;

// Elements of rank 0, which the last rank reaches from its node or from another.
struct line {
    explicit line(team& t)
        : x(t, {64 * t.size()}, {.name = "line"}),
          is_owner(t.rank() == 0),
          is_guest(t.rank() == far_rank(t)) {
        be_late(t);
    }
    ~line() { x.fence(); }

    array<double, 1> x;
    bool is_owner, is_guest;
    std::array<double, 16> buffer{};
};

void put_and_read(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.put(box<1>{{4}, {20}}, l.buffer);
    if (!is_racy) l.x.fence();
    if (l.is_owner) use(l.x(19));
}

void put_element_and_read(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.put({4}, 1.0);
    if (!is_racy) l.x.fence();
    if (l.is_owner) use(l.x(4));
}

void put_and_write(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.put(box<1>{{4}, {20}}, l.buffer);
    if (l.is_owner) l.x(is_racy ? 19 : 20) = 1;
}

void two_puts(team& t, bool is_racy) {
    line l(t);
    const index_t at = is_racy || l.is_owner ? 4 : 20;
    if (l.is_guest || l.is_owner) l.x.put(box<1>{{at}, {at + 16}}, l.buffer);
}

void two_puts_of_guests(team& t, bool is_racy) {
    line l(t);
    if (t.size() < 3) {
        if (is_racy && l.is_guest) l.x.put({0}, 1);
        if (is_racy && l.is_owner) l.x.put({0}, 1);
        return;
    }
    if (l.is_guest) l.x.put({8}, 1.0);
    if (!is_racy) l.x.fence();
    if (t.rank() == t.size() - 2) l.x.put({8}, 2.0);
}

void get_and_write(team& t, bool is_racy) {
    line l(t);
    if (l.is_owner)
        for (index_t i = 0; i < 64; ++i) l.x(i) = 1;
    if (!is_racy) l.x.fence();
    if (l.is_guest) l.x.get(box<1>{{4}, {20}}, l.buffer);
}

void get_element_and_write(team& t, bool is_racy) {
    line l(t);
    if (l.is_owner) l.x(4) = 1;
    if (!is_racy) l.x.fence();
    if (l.is_guest) use(l.x.get({4}));
}

void write_after_get(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.get(box<1>{{4}, {20}}, l.buffer);
    if (!is_racy) l.x.fence();
    if (l.is_owner) l.x(4) = 1;
}

void get_and_get(team& t, bool is_racy) {
    line l(t);
    l.x.get(box<1>{{4}, {20}}, l.buffer);
    if (is_racy && l.is_guest) l.x.put({9}, 1.0);
}

void get_async(team& t, bool is_racy) {
    line l(t);
    if (l.is_owner) l.x(5) = 1;
    if (!is_racy) l.x.fence();
    if (l.is_guest) l.x.get_async(box<1>{{4}, {20}}, l.buffer).wait();
}

void put_async(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.put_async(box<1>{{4}, {20}}, l.buffer).wait();
    if (!is_racy) l.x.fence();
    if (l.is_owner) use(l.x(5));
}

void gather(team& t, bool is_racy) {
    line l(t);
    const std::array<indices<1>, 3> places{indices<1>{1}, indices<1>{17}, indices<1>{5}};
    std::array<double, 3> to{};
    if (l.is_owner) l.x(17) = 1;
    if (!is_racy) l.x.fence();
    if (l.is_guest) l.x.gather(places, to);
}

void scatter(team& t, bool is_racy) {
    line l(t);
    const std::array<indices<1>, 3> places{indices<1>{1}, indices<1>{17}, indices<1>{5}};
    const std::array<double, 3> from{1, 2, 3};
    if (l.is_guest) l.x.scatter(places, from);
    if (l.is_owner) use(l.x(is_racy ? 17 : 16));
}

void patch_of_a_plane(team& t, bool is_racy) {
    array<double, 2> x(t, {8 * t.size(), 16}, {.name = "plane"});
    const std::vector<double> from(6, 1.0);
    be_late(t);
    if (t.rank() == far_rank(t)) x.put(box<2>{{1, 2}, {3, 5}}, from);
    if (t.rank() == 0) use(x(is_racy ? 2 : 3, 4));
    x.fence();
}

void patch_of_a_cyclic_plane(team& t, bool is_racy) {
    array<double, 2> x(t, {16, 16}, {.distribution = {.block = {3, 2}}, .name = "plane"});
    const std::vector<double> from(8 * 9, 1.0);
    be_late(t);
    if (t.rank() == far_rank(t)) x.put(box<2>{{1, 2}, {9, 11}}, from);
    if (t.rank() == 0) use(x.get({is_racy ? 8 : 9, 4}));
    x.fence();
}

void patch_of_a_column_major_plane(team& t, bool is_racy) {
    array<double, 2, nodespan::column_major> x(t, {16, 8 * t.size()}, {.name = "plane"});
    const std::vector<double> from(6, 1.0);
    be_late(t);
    if (t.rank() == far_rank(t)) x.put(box<2>{{2, 1}, {5, 3}}, from);
    if (t.rank() == 0) use(x(4, is_racy ? 2 : 3));
    x.fence();
}

// The program's own memory may lie in an array, too.
void get_into_an_array(team& t, bool is_racy) {
    array<double, 1> x(t, {64 * t.size()}, {.name = "from"}), y(t, {64 * t.size()}, {.name = "to"});
    be_late(t);
    const index_t mine = y.node_box().lo[0];
    if (is_first(t)) x.get(box<1>{{60}, {68}}, std::span<double>(&y(mine), 8));
    if (!is_racy) t.fence();
    if (is_second(t)) use(y(mine + 7));
    t.fence();
}

void node_fence_after_far_put(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) l.x.put({4}, 1.0);
    if (is_racy)
        l.x.node_fence();
    else
        l.x.fence();
    if (l.is_owner) use(l.x(4));
}

void own_put_and_get(team& t, bool is_racy) {
    line l(t);
    if (l.is_guest) {
        l.x.put({4}, 1.0);
        use(l.x.get({4}));
    }
    if (is_racy && l.is_owner) use(l.x.get({4}));
}

void large_copies(team& t, bool is_racy) {
    array<double, 1> x(t, {4096 * t.size()}, {.name = "long line"});
    std::vector<double> buffer(4096);
    be_late(t);
    if (t.rank() == far_rank(t)) x.put(box<1>{{0}, {4096}}, buffer);
    if (!is_racy) x.fence();
    if (t.rank() == 0) x.get(box<1>{{4000}, {4096}}, std::span<double>(buffer.data(), 96));
    x.fence();
}

} // namespace

std::vector<race_case> transfer_cases() {
    return {{"put_and_read", needs::ranks, put_and_read},
            {"put_element_and_read", needs::ranks, put_element_and_read},
            {"put_and_write", needs::ranks, put_and_write},
            {"two_puts", needs::ranks, two_puts},
            {"two_puts_of_guests", needs::ranks, two_puts_of_guests},
            {"get_and_write", needs::ranks, get_and_write},
            {"get_element_and_write", needs::ranks, get_element_and_write},
            {"write_after_get", needs::ranks, write_after_get},
            {"get_and_get", needs::ranks, get_and_get},
            {"get_async", needs::ranks, get_async},
            {"put_async", needs::ranks, put_async},
            {"gather", needs::ranks, gather},
            {"scatter", needs::ranks, scatter},
            {"patch_of_a_plane", needs::ranks, patch_of_a_plane},
            {"patch_of_a_cyclic_plane", needs::ranks, patch_of_a_cyclic_plane},
            {"patch_of_a_column_major_plane", needs::ranks, patch_of_a_column_major_plane},
            {"get_into_an_array", needs::peers, get_into_an_array},
            {"node_fence_after_far_put", needs::nodes, node_fence_after_far_put},
            {"own_put_and_get", needs::ranks, own_put_and_get},
            {"large_copies", needs::ranks, large_copies}};
}

} // namespace races
