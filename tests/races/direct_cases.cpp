// Loads and stores: views, references, pointers, copies; loops of all kinds.

#include "race_case.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <thread>

namespace races {
namespace {

// Both ranks run `a` and `b` in one epoch, or in two where they are right.
template <class A, class B>
void in_turn(team& t, array<double, 1>& x, bool is_racy, A&& a, B&& b) {
    be_late(t);
    if (is_first(t)) a(x.node());
    if (!is_racy) x.fence();
    if (is_second(t)) b(x.node());
    x.fence();
}

array<double, 1> line(team& t, index_t n = 64) {
    return {t, {n * t.size()}, {.name = "line"}};
}

void two_write(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { v(3) = 1; }, [](auto v) { v(3) = 2; });
}

void write_and_read(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { v(3) = 1; }, [](auto v) { use(v(3)); });
}

void read_and_write(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { use(v(3)); }, [](auto v) { v(3) = 1; });
}

void write_all_and_read_one(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy,
        [](auto v) {
            for (index_t i = 0; i < v.extent(0); ++i) v(i) = 1;
        },
        [](auto v) { use(v(17)); });
}

void write_one_and_read_all(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { v(17) = 1; },
        [](auto v) {
            double sum = 0;
            for (index_t i = 0; i < v.extent(0); ++i) sum += v(i);
            use(sum);
        });
}

void backwards(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy,
        [](auto v) {
            for (index_t i = v.extent(0) - 1; i >= 0; --i) v(i) = 1;
        },
        [](auto v) {
            for (index_t i = 40; i > 20; --i) use(v(i));
        });
}

void every_third(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    auto v = x.node();
    const index_t begin = is_first(t) ? 0 : is_racy ? 3 : 1;
    if (is_first(t) || is_second(t))
        for (index_t i = begin; i < 60; i += 3) v(i) += 1;
    x.fence();
}

void scattered(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    auto v = x.node();
    for (index_t i = 0; i < 32; ++i) {
        const index_t at = i * 37 % 64;
        if (is_first(t)) v(at) = 1;
        if (is_second(t)) use(v(is_racy && i == 20 ? at : (at + 1) % 2 == 0 ? 64 + at % 32 : 64));
    }
    x.fence();
}

void second_loop_too_early(team& t, bool is_racy) {
    auto x = line(t);
    auto v = x.node();
    auto mine = x.local();
    for (int step = 0; step < 3; ++step) {
        for (index_t i = 0; i < mine.extent(0); ++i) mine(i) = step;
        x.fence();
        be_late(t);
        for (index_t i = 0; i < v.extent(0); ++i) use(v(i));
        if (!is_racy) x.fence();
    }
    x.fence();
}

void two_arrays_in_turn(team& t, bool is_racy) {
    auto even = line(t), odd = line(t);
    for (int step = 0; step < 4; ++step) {
        auto& x = is_racy || step % 2 == 0 ? even : odd;
        auto mine = x.local();
        for (index_t i = 0; i < mine.extent(0); ++i) mine(i) = step;
        t.fence();
        be_late(t);
        auto v = x.node();
        for (index_t i = 0; i < v.extent(0); ++i) use(v(i));
    }
    t.fence();
}

void block_of_a_peer(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    const int next = t.placement().first_rank(t.node()) + (t.node_rank() + 1) % t.node_size();
    std::fill_n(&x.local()(0), 64, 1.0);
    if (!is_racy) x.node_fence();
    use(x.block(next)(5));
    x.fence();
}

void by_global_index(team& t, bool is_racy) {
    auto x = line(t);
    const index_t at = x.node_box().lo[0];
    be_late(t);
    if (is_first(t)) x(at) = 1;
    if (is_second(t)) x(is_racy ? at : at + 1) = 2;
    x.fence();
}

void by_pointer(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { *(v.data_handle() + 9) = 1; },
        [](auto v) { use(*(v.data_handle() + 9)); });
}

void by_span(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy,
        [](auto v) {
            const std::span<double> all = v;
            std::iota(all.begin(), all.end(), 0.0);
        },
        [](auto v) {
            const std::span<double> all = v;
            use(*std::max_element(all.begin(), all.end()));
        });
}

void memset_and_read(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy,
        [](auto v) { std::memset(v.data_handle(), 0, static_cast<std::size_t>(v.size()) * 8); },
        [](auto v) { use(v(1)); });
}

void memcpy_to(team& t, bool is_racy) {
    auto x = line(t);
    const std::vector<double> from(64, 1.0);
    in_turn(
        t, x, is_racy,
        [&](auto v) { std::memcpy(v.data_handle(), from.data(), from.size() * sizeof(double)); },
        [](auto v) { use(v(60)); });
}

void memcpy_from(team& t, bool is_racy) {
    auto x = line(t);
    std::vector<double> to(64, 1.0);
    in_turn(
        t, x, is_racy, [](auto v) { v(60) = 1; },
        [&](auto v) { std::memcpy(to.data(), v.data_handle(), to.size() * sizeof(double)); });
    use(to[0]);
}

void std_copy(team& t, bool is_racy) {
    auto x = line(t);
    std::vector<double> to(64, 1.0);
    in_turn(
        t, x, is_racy, [](auto v) { v(60) = 1; },
        [&](auto v) { std::copy_n(v.data_handle(), to.size(), to.data()); });
    use(to[0]);
}

void many_read_one_writes(team& t, bool is_racy) {
    auto x = line(t);
    be_late(t);
    auto v = x.node();
    for (index_t i = 0; i < 64; ++i) use(v(i));
    if (!is_racy) x.fence();
    if (is_second(t)) v(12) = 1;
    x.fence();
}

void in_a_thread(team& t, bool is_racy) {
    auto x = line(t);
    in_turn(
        t, x, is_racy, [](auto v) { std::thread([=] { v(3) = 1; }).join(); },
        [](auto v) { std::thread([=] { use(v(3)); }).join(); });
}

void in_many_threads(team& t, bool is_racy) {
    auto x = line(t);
    auto mine = x.local();
    be_late(t);
    std::vector<std::thread> all;
    for (index_t k = 0; k < 4; ++k)
        all.emplace_back([=] {
            for (index_t i = k * 16; i < k * 16 + 16; ++i) mine(i) = 1;
        });
    for (std::thread& one : all) one.join();
    if (!is_racy) x.fence();
    auto v = x.node();
    for (index_t i = 0; i < v.extent(0); ++i) use(v(i));
    x.fence();
}

void late_in_a_long_program(team& t, bool is_racy) {
    auto x = line(t);
    auto mine = x.local();
    auto v = x.node();
    for (int step = 0; step < 300; ++step) {
        for (index_t i = 0; i < mine.extent(0); ++i) mine(i) = step;
        if (!is_racy || step != 290) x.fence();
        for (index_t i = 0; i < v.extent(0); ++i) use(v(i));
        x.fence();
    }
}

// More elements than the shadow keeps as one, all written, and one of them read.
void write_thousands_and_read_one(team& t, bool is_racy) {
    auto x = line(t, 2000);
    in_turn(
        t, x, is_racy,
        [](auto v) {
            for (index_t i = 0; i < 1500; ++i) v(i) = 1;
        },
        [](auto v) { use(v(1499)); });
}

// What was written as one is no longer one when the neighbour of an element is.
void write_one_of_thousands_and_read_another(team& t, bool is_racy) {
    auto x = line(t, 2000);
    for (int round = 0; round < 2; ++round) {
        auto v = x.node();
        if (is_first(t))
            for (index_t i = 0; i < 2000; ++i) v(i) = 1;
        x.fence();
        be_late(t);
        if (is_first(t)) v(700) = 2;
        if (is_second(t)) use(v(is_racy && round == 1 ? 700 : 701));
        x.fence();
    }
}

// Rows with gaps between them, of which one is read by another rank.
void rows_and_gaps(team& t, bool is_racy) {
    auto x = line(t, 1000);
    auto v = x.node();
    be_late(t);
    if (is_first(t))
        for (index_t row = 0; row < 50; ++row)
            for (index_t i = 0; i < 10; ++i) v(16 * row + i) = 1;
    if (is_second(t)) use(v(16 * 30 + (is_racy ? 9 : 10)));
    x.fence();
}

void columns_and_gaps(team& t, bool is_racy) {
    auto x = line(t, 1000);
    auto v = x.node();
    be_late(t);
    if (is_first(t))
        for (index_t i = 0; i < 10; ++i)
            for (index_t row = 0; row < 50; ++row) v(16 * row + i) = 1;
    if (is_second(t)) use(v(16 * 30 + (is_racy ? 9 : 10)));
    x.fence();
}

// The last row is not as long as those before.
void rows_and_a_shorter_one(team& t, bool is_racy) {
    auto x = line(t, 1000);
    auto v = x.node();
    be_late(t);
    if (is_first(t))
        for (index_t row = 0; row < 50; ++row)
            for (index_t i = 0; i < (row < 49 ? 10 : 5); ++i) v(16 * row + i) = 1;
    if (is_second(t)) use(v(16 * 49 + (is_racy ? 4 : 5)));
    x.fence();
}

} // namespace

std::vector<race_case> direct_cases() {
    return {{"two_write", needs::peers, two_write},
            {"write_and_read", needs::peers, write_and_read},
            {"read_and_write", needs::peers, read_and_write},
            {"write_all_and_read_one", needs::peers, write_all_and_read_one},
            {"write_one_and_read_all", needs::peers, write_one_and_read_all},
            {"write_thousands_and_read_one", needs::peers, write_thousands_and_read_one},
            {"write_one_of_thousands_and_read_another", needs::peers,
             write_one_of_thousands_and_read_another},
            {"rows_and_gaps", needs::peers, rows_and_gaps},
            {"columns_and_gaps", needs::peers, columns_and_gaps},
            {"rows_and_a_shorter_one", needs::peers, rows_and_a_shorter_one},
            {"backwards", needs::peers, backwards},
            {"every_third", needs::peers, every_third},
            {"scattered", needs::peers, scattered},
            {"second_loop_too_early", needs::peers, second_loop_too_early},
            {"two_arrays_in_turn", needs::peers, two_arrays_in_turn},
            {"block_of_a_peer", needs::peers, block_of_a_peer},
            {"by_global_index", needs::peers, by_global_index},
            {"by_pointer", needs::peers, by_pointer},
            {"by_span", needs::peers, by_span},
            {"memset_and_read", needs::peers, memset_and_read},
            {"memcpy_to", needs::peers, memcpy_to},
            {"memcpy_from", needs::peers, memcpy_from},
            {"std_copy", needs::peers, std_copy},
            {"many_read_one_writes", needs::peers, many_read_one_writes},
            {"in_a_thread", needs::peers, in_a_thread},
            {"in_many_threads", needs::peers, in_many_threads},
            {"late_in_a_long_program", needs::peers, late_in_a_long_program}};
}

} // namespace races
