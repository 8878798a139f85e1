// Atomic changes: free among each other, and writes against all else.

#include "race_case.hpp"

#include <array>
#include <atomic>

namespace races {
namespace {

using nodespan::box;
using nodespan::indices;

array<index_t, 1> bins(team& t) {
    return {t, {16 * t.size()}, {.name = "bins"}};
}

void plain_increment(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    if (is_first(t) || is_second(t)) {
        if (is_racy)
            x.node()(3) += 1;
        else
            x.fetch_add({x.node_box().lo[0] + 3}, 1);
    }
    x.fence();
}

void fetch_add_and_read(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    x.fetch_add({3}, 1);
    if (!is_racy) x.fence();
    if (t.rank() == 0) use(x(3));
    x.fence();
}

void fetch_add_and_write(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    if (t.rank() == 0) x(3) = 7;
    if (!is_racy) x.fence();
    x.fetch_add({3}, 1);
    x.fence();
}

void fetch_add_and_get(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    if (t.rank() == 0) x.fetch_add({3}, 1);
    if (t.rank() == far_rank(t)) {
        if (is_racy)
            use(x.get({3}));
        else
            use(x.fetch_add({3}, 0));
    }
    x.fence();
}

void fetch_add_of_doubles(team& t, bool is_racy) {
    array<double, 1> x(t, {16 * t.size()}, {.name = "sums"});
    be_late(t);
    x.fetch_add({3}, 0.5);
    if (is_racy && t.rank() == 0) use(x(3));
    x.fence();
}

void compare_exchange_and_write(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    index_t expected = 0;
    x.compare_exchange({3}, expected, t.rank());
    if (is_racy && t.rank() == 0) x(3) = 0;
    x.fence();
}

void accumulate_and_read(team& t, bool is_racy) {
    auto x = bins(t);
    const std::array<index_t, 8> ones{1, 1, 1, 1, 1, 1, 1, 1};
    be_late(t);
    x.accumulate(box<1>{{2}, {10}}, ones);
    if (!is_racy) x.fence();
    if (t.rank() == 0) use(x(9));
    x.fence();
}

void accumulate_and_fetch_add(team& t, bool is_racy) {
    auto x = bins(t);
    const std::array<index_t, 8> ones{1, 1, 1, 1, 1, 1, 1, 1};
    be_late(t);
    if (t.rank() == 0) x.accumulate(box<1>{{2}, {10}}, ones);
    if (t.rank() == far_rank(t)) x.fetch_add({5}, 1);
    if (is_racy && t.rank() == far_rank(t)) x.put({6}, 1);
    x.fence();
}

void scatter_add_and_read(team& t, bool is_racy) {
    auto x = bins(t);
    const std::array<indices<1>, 4> places{indices<1>{1}, indices<1>{3}, indices<1>{3},
                                           indices<1>{7}};
    const std::array<index_t, 4> ones{1, 1, 1, 1};
    be_late(t);
    x.scatter_add(places, ones);
    if (t.rank() == 0) use(x(is_racy ? 3 : 2));
    x.fence();
}

void scatter_add_and_write(team& t, bool is_racy) {
    auto x = bins(t);
    const std::array<indices<1>, 2> places{indices<1>{1}, indices<1>{3}};
    be_late(t);
    if (t.rank() == 0) x(3) = 0;
    if (!is_racy) x.fence();
    x.scatter_add(places, 1);
    x.fence();
}

void atomic_ref_of_the_program(team& t, bool is_racy) {
    auto x = bins(t);
    be_late(t);
    if (is_first(t)) std::atomic_ref<index_t>(x.node()(3)).store(1);
    if (is_second(t)) {
        if (is_racy)
            use(x.node()(3));
        else
            use(std::atomic_ref<index_t>(x.node()(3)).load());
    }
    x.fence();
}

// An atomic orders nothing else.
void atomic_as_a_flag(team& t, bool is_racy) {
    auto x = bins(t);
    const index_t first = x.node_box().lo[0];
    be_late(t);
    if (is_first(t)) {
        x.node()(3) = 42;
        x.fetch_add({first}, 1);
    }
    if (is_second(t)) use(x.fetch_add({first}, 0));
    if (!is_racy) x.fence();
    if (is_second(t)) use(x.node()(3));
    x.fence();
}

} // namespace

std::vector<race_case> atomic_cases() {
    return {{"plain_increment", needs::peers, plain_increment},
            {"fetch_add_and_read", needs::ranks, fetch_add_and_read},
            {"fetch_add_and_write", needs::ranks, fetch_add_and_write},
            {"fetch_add_and_get", needs::ranks, fetch_add_and_get},
            {"fetch_add_of_doubles", needs::ranks, fetch_add_of_doubles},
            {"compare_exchange_and_write", needs::ranks, compare_exchange_and_write},
            {"accumulate_and_read", needs::ranks, accumulate_and_read},
            {"accumulate_and_fetch_add", needs::ranks, accumulate_and_fetch_add},
            {"scatter_add_and_read", needs::ranks, scatter_add_and_read},
            {"scatter_add_and_write", needs::ranks, scatter_add_and_write},
            {"atomic_ref_of_the_program", needs::peers, atomic_ref_of_the_program},
            {"atomic_as_a_flag", needs::peers, atomic_as_a_flag}};
}

} // namespace races
