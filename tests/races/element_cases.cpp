// Elements of all kinds and sizes, orders and dimensions.

#include "race_case.hpp"

#include <complex>
#include <cstdint>

namespace races {
namespace {

struct particle {
    double x, y, z;
    int kind;
};

// Two ranks write neighbours, or the same.
template <class T>
void neighbours(team& t, bool is_racy) {
    array<T, 1> x(t, {32 * t.size()}, {.name = "line"});
    auto v = x.node();
    be_late(t);
    for (index_t i = 0; i < 30; ++i) {
        if (is_first(t)) v(i / 2 * 2) = T(1);
        if (is_second(t)) v(is_racy && i == 7 ? 6 : i / 2 * 2 + 1) = T(2);
    }
    x.fence();
}

// What counts is the element, not the field.
void fields_of_one_struct(team& t, bool is_racy) {
    array<particle, 1> x(t, {32 * t.size()}, {.name = "particles"});
    auto v = x.node();
    be_late(t);
    if (is_first(t)) v(5).x = 1;
    if (is_second(t)) v(is_racy ? 5 : 6).kind = 1;
    x.fence();
}

void one_field_of_all_structs(team& t, bool is_racy) {
    array<particle, 1> x(t, {32 * t.size()}, {.name = "particles"});
    auto v = x.node();
    be_late(t);
    if (is_first(t))
        for (index_t i = 0; i < 30; ++i) v(i).y = 1;
    if (!is_racy) x.fence();
    if (is_second(t))
        for (index_t i = 0; i < 30; ++i) use(v(i).y);
    x.fence();
}

void whole_structs(team& t, bool is_racy) {
    array<particle, 1> x(t, {32 * t.size()}, {.name = "particles"});
    auto v = x.node();
    be_late(t);
    if (is_first(t)) v(4) = particle{1, 2, 3, 4};
    if (!is_racy) x.fence();
    if (is_second(t)) {
        const particle p = v(4);
        use(p.x);
    }
    x.fence();
}

void columns_of_rows(team& t, bool is_racy) {
    array<double, 2> x(t, {8 * t.size(), 16}, {.name = "plane"});
    auto v = x.node();
    be_late(t);
    const index_t column = is_first(t) || is_racy ? 3 : 4;
    if (is_first(t) || is_second(t))
        for (index_t i = 0; i < v.extent(0); ++i) v(i, column) += 1;
    x.fence();
}

void column_major(team& t, bool is_racy) {
    array<double, 2, nodespan::column_major> x(t, {16, 8 * t.size()}, {.name = "plane"});
    auto v = x.node();
    be_late(t);
    if (is_first(t))
        for (index_t j = 0; j < 8; ++j) v(3, j) = 1;
    if (is_second(t))
        for (index_t j = 0; j < 8; ++j) use(v(is_racy ? 3 : 4, j));
    x.fence();
}

void three_dimensions(team& t, bool is_racy) {
    array<float, 3> x(t, {4 * t.size(), 5, 6}, {.name = "space"});
    auto v = x.node();
    be_late(t);
    if (is_first(t)) v(1, 2, 3) = 1;
    if (is_second(t)) v(1, is_racy ? 2 : 3, 3) = 2;
    x.fence();
}

void uneven_cuts(team& t, bool is_racy) {
    std::vector<index_t> cuts(static_cast<std::size_t>(t.size()) + 1, 20);
    cuts[0] = 0;
    array<double, 1> x(t, {20}, {.distribution = {.cuts = {cuts}}});
    be_late(t);
    if (t.rank() == 0) x(7) = 1;
    if (!is_racy) x.fence();
    if (t.rank() == 1 && t.node() == 0) use(x(7));
    x.fence();
}

void second_array_in_the_same_place(team& t, bool is_racy) {
    for (int round = 0; round < 3; ++round) {
        array<double, 1> x(t, {64 * t.size()}, {.name = "short-lived"});
        auto v = x.node();
        be_late(t);
        if (is_first(t)) v(round) = 1;
        if (!is_racy || round != 1) x.fence();
        if (is_second(t)) use(v(round));
        x.fence();
    }
}

void uninitialised(team& t, bool is_racy) {
    array<double, 1> x(t, {64 * t.size()}, {.zeroed = false});
    auto v = x.node();
    be_late(t);
    if (is_first(t)) v(1) = 1;
    if (!is_racy) x.fence();
    if (is_second(t)) use(v(1));
    x.fence();
}

} // namespace

std::vector<race_case> element_cases() {
    return {{"neighbours<char>", needs::peers, neighbours<char>},
            {"neighbours<int16>", needs::peers, neighbours<std::int16_t>},
            {"neighbours<float>", needs::peers, neighbours<float>},
            {"neighbours<double>", needs::peers, neighbours<double>},
            {"neighbours<complex>", needs::peers, neighbours<std::complex<double>>},
            {"fields_of_one_struct", needs::peers, fields_of_one_struct},
            {"one_field_of_all_structs", needs::peers, one_field_of_all_structs},
            {"whole_structs", needs::peers, whole_structs},
            {"columns_of_rows", needs::peers, columns_of_rows},
            {"column_major", needs::peers, column_major},
            {"three_dimensions", needs::peers, three_dimensions},
            {"uneven_cuts", needs::peers, uneven_cuts},
            {"second_array_in_the_same_place", needs::peers, second_array_in_the_same_place},
            {"uninitialised", needs::peers, uninitialised}};
}

} // namespace races
