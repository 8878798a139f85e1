// Whole arrays and patches on the move, against what one rank computes alone.

#include <nodespan/creation.hpp>
#include <nodespan/patch.hpp>
#include <nodespan/redistribute.hpp>
#include <nodespan/transpose.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <vector>

// Whom the calls of this rank get from.
static std::vector<int> targets_of_gets;
extern "C" int MPI_Get(void* to, int count, MPI_Datatype type, int target, MPI_Aint there,
                       int there_count, MPI_Datatype there_type, MPI_Win window) {
    targets_of_gets.push_back(target);
    return PMPI_Get(to, count, type, target, there, there_count, there_type, window);
}

namespace {

using namespace nodespan::test;
using namespace nodespan;

// A number that tells the indices.
template <class T, int N>
T number(const indices<N>& at) {
    index_t sum = 1;
    for (const index_t i : at) sum = (sum * 31 + i) % 30011;
    return static_cast<T>(static_cast<float>(sum)); // below 2^24
}

// Calls f(global indices, element) for this rank's elements of an array of any order.
template <class Array, class F>
void for_own(Array& field, F&& f) {
    const auto mine = field.rank_box();
    const auto part = field.local();
    for_each_index(mine, [&](auto at) {
        auto inside = at;
        for (std::size_t d = 0; d < at.size(); ++d) inside[d] -= mine.lo[d];
        f(std::as_const(at), part[inside]);
    });
}

template <class T, int N, class Layout>
void set(array<T, N, Layout>& field) {
    for_own(field, [](const indices<N>& at, T& x) { x = number<T, N>(at); });
    field.fence();
}

template <class Array, class F>
void expect_own(Array& field, F&& expected) {
    index_t wrong = 0;
    for_own(field, [&](const auto& at, const auto& x) { wrong += x == expected(at) ? 0 : 1; });
    EXPECT_EQ(all_reduce(field.get_team(), wrong), 0);
}

// Ways to cut an array: as by default, by its last dimension over nodes and by the one before over
// ranks, and by explicit points with empty pieces.
template <class Indices>
std::vector<distribution_options> cuts_of(const team& everyone, const Indices& extents) {
    const std::size_t N = extents.size();
    std::vector<distribution_options> result(1);
    std::vector<int> nodes(N, 1), ranks(N, 1);
    nodes.back() = everyone.nodes();
    ranks[N < 2 ? 0 : N - 2] = 0;
    result.push_back({.node_grid = nodes, .rank_grid = ranks});
    distribution_options by_points{.node_grid = std::vector<int>(N, 1),
                                   .rank_grid = std::vector<int>(N, 1)};
    by_points.node_grid[0] = everyone.nodes();
    by_points.rank_grid[0] = 0;
    by_points.cuts.resize(N);
    for (int rank = 0; rank <= everyone.size(); ++rank)
        by_points.cuts[0].push_back(
            rank == everyone.size() ? extents[0] : std::min<index_t>(rank / 2 * 3, extents[0]));
    result.push_back(by_points);
    return result;
}

template <class T, int N, class Layout>
void expect_redistributed(const team& everyone, const indices<N>& extents) {
    for (const distribution_options& before : cuts_of(everyone, extents)) {
        array<T, N, Layout> field(everyone, extents, {.distribution = before, .name = "moved"});
        set(field);
        for (const distribution_options& after : cuts_of(everyone, extents)) {
            redistribute(field, after);

            expect_own(field, number<T, N>);
            EXPECT_EQ(field.options().name, "moved");
            EXPECT_EQ(field.options().distribution.cuts, after.cuts);
        }
    }
}

TEST(Redistribute, KeepsAllElementsOfAllShapesInBothOrders) {
    team everyone(MPI_COMM_WORLD);
    expect_redistributed<double, 1, row_major>(everyone, {101});
    expect_redistributed<char, 1, row_major>(everyone, {1});
    expect_redistributed<double, 2, row_major>(everyone, {37, 53});
    expect_redistributed<float, 2, row_major>(everyone, {2, 300});
    expect_redistributed<double, 2, row_major>(everyone, {0, 5});
    expect_redistributed<std::complex<double>, 3, row_major>(everyone, {7, 5, 11});
    expect_redistributed<short, 4, row_major>(everyone, {5, 3, 2, 7});
    expect_redistributed<int, 5, row_major>(everyone, {3, 2, 3, 2, 5});
    expect_redistributed<int, 6, row_major>(everyone, {3, 2, 1, 3, 2, 5});
}

// So that not all nodes ask the same one first.
TEST(Redistribute, AsksTheNodesBehindOnesOwnFirst) {
    team everyone(MPI_COMM_WORLD);
    const int nodes = everyone.nodes();
    array<double, 1> field(everyone, {100 * everyone.size()});
    std::vector<double> all(static_cast<std::size_t>(field.size()));
    field.fence();

    targets_of_gets.clear();
    field.get({{0}, {field.size()}}, all);

    std::vector<int> nodes_asked, expected;
    for (const int target : targets_of_gets)
        if (nodes_asked.empty() || nodes_asked.back() != everyone.node_of(target))
            nodes_asked.push_back(everyone.node_of(target));
    for (int k = 1; k < nodes; ++k) expected.push_back((everyone.node() + k) % nodes);
    EXPECT_EQ(nodes_asked, expected);
    field.fence();
}

TEST(Redistribute, KeepsTheOrderInMemory) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2, column_major> field(everyone, {31, 17});
    set(field);

    redistribute(field, {.node_grid = {everyone.nodes(), 1}, .rank_grid = {0, 1}});

    expect_own(field, number<double, 2>);
    EXPECT_EQ(field.rank_box().extents()[1], 17);
}

TEST(Redistribute, LeavesTheArrayAsItWasWhereTheCutDoesNotFit) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {31, 17});
    set(field);
    const box<2> before = field.rank_box();

    EXPECT_EQ(caught([&] {
                  redistribute(field, {.node_grid = {1, 999}});
              }).code,
              errc::invalid_argument);
    if (everyone.size() > 1) {
        EXPECT_EQ(caught([&] {
                      redistribute(field,
                                   {.rank_grid = everyone.rank() == 0 ? std::vector<int>{1, 0}
                                                                      : std::vector<int>{0, 1}});
                  }).code,
                  errc::mismatched_arguments);
    }

    EXPECT_EQ(field.rank_box(), before);
    expect_own(field, number<double, 2>);
}

TEST(Resize, KeepsWhatBothHaveAndFillsTheRestWithZeros) {
    team everyone(MPI_COMM_WORLD);
    using shape = indices<2>;
    for (const shape& before : {shape{13, 7}, shape{1, 1}, shape{0, 4}})
        for (const shape& after :
             {shape{29, 5}, shape{13, 7}, shape{5, 3}, shape{2, 40}, shape{0, 0}})
            for (const distribution_options& cut : cuts_of(everyone, before)) {
                array<int, 2> field(everyone, before, {.distribution = cut});
                set(field);

                resize(field, after);

                EXPECT_EQ(field.extents(), after);
                expect_own(field, [&](const indices<2>& at) {
                    return box<2>{{}, before}.contains(at) ? number<int, 2>(at) : 0;
                });
            }
    array<int, 2> field(everyone, {5, 5});
    set(field);
    resize(field, {5, 9}, {.node_grid = {1, everyone.nodes()}});
    EXPECT_EQ(sum(field, {{0, 5}, {5, 9}}), 0);
    if (everyone.size() > 1) {
        EXPECT_EQ(caught([&] {
                      resize(field, {everyone.rank() + 1, 3});
                  }).code,
                  errc::mismatched_arguments);
    }
    EXPECT_EQ(caught([&] { resize(field, {-1, 3}); }).code, errc::invalid_argument);
}

template <class T, class From, class To>
void expect_transposed(const team& everyone, const indices<2>& extents) {
    const indices<2> turned = reversed(extents);
    for (const distribution_options& before : cuts_of(everyone, extents))
        for (const distribution_options& after : cuts_of(everyone, turned)) {
            array<T, 2, From> a(everyone, extents, {.distribution = before});
            array<T, 2, To> b(everyone, turned, {.distribution = after});
            set(a);

            transpose(a, b);
            b.fence();

            expect_own(b, [](const indices<2>& at) { return number<T, 2>(reversed(at)); });
        }
}

TEST(Transpose, TurnsMatricesOverInAllOrdersAndCuts) {
    team everyone(MPI_COMM_WORLD);
    expect_transposed<double, row_major, row_major>(everyone, {101, 67});
    expect_transposed<float, row_major, row_major>(everyone, {64, 130});
    expect_transposed<std::complex<float>, row_major, row_major>(everyone, {1, 61});
    expect_transposed<char, row_major, row_major>(everyone, {33, 2});
    expect_transposed<double, row_major, row_major>(everyone, {1, 1});
    expect_transposed<double, row_major, row_major>(everyone, {0, 3});
    expect_transposed<double, row_major, column_major>(everyone, {19, 23});
    expect_transposed<double, column_major, row_major>(everyone, {19, 23});
    expect_transposed<double, column_major, column_major>(everyone, {40, 23});
}

TEST(Transpose, TakesAnyOrderOfDimensions) {
    team everyone(MPI_COMM_WORLD);
    array<int, 4> a(everyone, {5, 3, 17, 11});
    set(a);
    for (const axes_list<4>& axes : {axes_list<4>{0, 1, 2, 3}, axes_list<4>{3, 2, 1, 0},
                                     axes_list<4>{1, 3, 0, 2}, axes_list<4>{0, 1, 3, 2}}) {
        indices<4> extents{};
        for (std::size_t d = 0; d < 4; ++d) extents[d] = a.extent(axes[d]);
        array<int, 4> b(everyone, extents);

        transpose(a, b, axes);
        b.fence();

        expect_own(b, [&](const indices<4>& at) {
            indices<4> there{};
            for (std::size_t d = 0; d < 4; ++d) there[static_cast<std::size_t>(axes[d])] = at[d];
            return number<int, 4>(there);
        });
    }
    array<int, 6> six(everyone, {3, 2, 4, 1, 5, 2}), turned(everyone, {2, 5, 1, 4, 2, 3});
    set(six);
    transpose(six, turned);
    turned.fence();
    expect_own(turned, [](const indices<6>& at) { return number<int, 6>(reversed(at)); });
}

TEST(Transpose, RefusesWhatDoesNotFit) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {5, 5}), b(everyone, {5, 4});

    EXPECT_EQ(caught([&] { transpose(a, a); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { transpose(a, b); }).code, errc::size_mismatch);
    EXPECT_EQ(caught([&] { transpose(a, b, {0, 0}); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { transpose(a, b, {2, 0}); }).code, errc::invalid_argument);
    array<double, 2> c(everyone, {5, 5});
    if (everyone.size() > 1) {
        const bool is_first = everyone.rank() == 0;
        EXPECT_EQ(caught([&] {
                      transpose(a, c, is_first ? axes_list<2>{0, 1} : axes_list<2>{1, 0});
                  }).code,
                  errc::mismatched_arguments);
        EXPECT_EQ(caught([&] { transpose(is_first ? b : a, c); }).code, errc::mismatched_arguments);
        EXPECT_EQ(caught([&] { transpose(is_first ? c : a, c); }).code, errc::mismatched_arguments);
    }
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

TEST(Patch, FillScaleCopyAndAddChangeTheirBoxAlone) {
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents = {23, 19};
    const box<2> there{{2, 3}, {21, 15}}, here{{3, 1}, {22, 13}}; // of equal extents
    for (const distribution_options& cut : cuts_of(everyone, extents))
        for (const distribution_options& other : cuts_of(everyone, extents)) {
            array<double, 2> a(everyone, extents, {.distribution = cut});
            array<double, 2, column_major> b(everyone, extents, {.distribution = other});
            set(a);
            set(b);
            const auto from = [&](const indices<2>& at) { // the element of `a` that goes to `at`
                return number<double, 2>({at[0] - 1, at[1] + 2});
            };

            fill(b, here, 5);
            expect_own(b, [&](const indices<2>& at) {
                return here.contains(at) ? 5 : number<double, 2>(at);
            });
            copy(a, there, b, here);
            expect_own(b, [&](const indices<2>& at) {
                return here.contains(at) ? from(at) : number<double, 2>(at);
            });
            scale(b, here, 3);
            add(b, here, a, there, -2);
            expect_own(b, [&](const indices<2>& at) {
                return here.contains(at) ? from(at) : number<double, 2>(at);
            });
            a.fence();
        }
}

// More than the pieces in which elements of other nodes arrive.
TEST(Patch, AddTakesMoreThanFitsIntoItsBuffer) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {301, 997}),
        b(everyone, {301, 997}, {.distribution = cuts_of(everyone, indices<2>{301, 997})[1]});
    set(a);
    set(b);

    add(b, {{}, b.extents()}, a, {{}, a.extents()}, 2);

    expect_own(b, [](const indices<2>& at) { return 3 * number<double, 2>(at); });
}

TEST(Patch, ReductionsAreThoseOfItsElements) {
    team everyone(MPI_COMM_WORLD);
    const indices<3> extents = {11, 5, 7};
    for (const distribution_options& cut : cuts_of(everyone, extents)) {
        array<double, 3> a(everyone, extents, {.distribution = cut});
        array<double, 3, column_major> c(everyone, extents);
        set(a);
        set(c);
        for (const box<3>& patch :
             {box<3>{{}, extents}, box<3>{{3, 1, 2}, {9, 4, 7}}, box<3>{{10, 4, 6}, {11, 5, 7}}}) {
            double total = 0, least = 1e9, most = -1e9;
            for_each_index(patch, [&](const indices<3>& at) {
                const auto x = number<double, 3>(at);
                total += x;
                least = std::min(least, x);
                most = std::max(most, x);
            });

            EXPECT_EQ(sum(a, patch), total);
            EXPECT_EQ(nodespan::min(a, patch), least);
            EXPECT_EQ(nodespan::max(a, patch), most);
            EXPECT_EQ(nodespan::fmin(c, patch), least);
            EXPECT_EQ(nodespan::fmax(c, patch), most);
            EXPECT_EQ(sum(c, patch), total);
        }
        fill(a, {{2, 0, 0}, {3, 1, 1}}, std::numeric_limits<double>::quiet_NaN());
        EXPECT_TRUE(std::isnan(nodespan::min(a, {{2, 0, 0}, {4, 2, 2}})));
        EXPECT_FALSE(std::isnan(nodespan::fmin(a, {{2, 0, 0}, {4, 2, 2}})));
        EXPECT_FALSE(std::isnan(nodespan::max(a, {{3, 0, 0}, {4, 2, 2}})));
        EXPECT_EQ(sum(a, {}), 0);
        EXPECT_EQ(caught([&] { static_cast<void>(nodespan::max(a, {})); }).code,
                  errc::invalid_argument);
    }
}

TEST(Patch, RefusesBoxesThatDoNotFitOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {8, 6}), b(everyone, {8, 6});
    const box<2> beyond{{0, 0}, {9, 2}}, turned{{3, 0}, {2, 2}}, small{{0, 0}, {2, 2}};

    for (const box<2>& wrong : {beyond, turned, box<2>{{-1, 0}, {2, 2}}}) {
        EXPECT_EQ(caught([&] { fill(a, wrong, 1); }).code, errc::out_of_range);
        EXPECT_EQ(caught([&] { scale(a, wrong, 1); }).code, errc::out_of_range);
        EXPECT_EQ(caught([&] { copy(a, wrong, b, small); }).code, errc::out_of_range);
        EXPECT_EQ(caught([&] { add(b, small, a, wrong); }).code, errc::out_of_range);
        EXPECT_EQ(caught([&] { static_cast<void>(sum(a, wrong)); }).code, errc::out_of_range);
    }
    EXPECT_EQ(caught([&] { copy(a, small, b, {{0, 0}, {2, 3}}); }).code, errc::size_mismatch);
    EXPECT_EQ(caught([&] { copy(a, small, a, {{1, 1}, {3, 3}}); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { add(a, small, a, {{1, 1}, {3, 3}}); }).code, errc::invalid_argument);
    if (everyone.size() > 1) {
        const box<2> mine{{0, 0}, {1, everyone.rank() == 0 ? 2 : 1}};
        EXPECT_EQ(caught([&] { static_cast<void>(sum(a, mine)); }).code,
                  errc::mismatched_arguments);
        EXPECT_EQ(caught([&] { static_cast<void>(nodespan::max(a, mine)); }).code,
                  errc::mismatched_arguments);
        const double factor = everyone.rank() == 0 ? 1 : 2;
        fill(a, small, 7);
        for (const auto& call : std::vector<std::function<void()>>{
                 [&] { fill(a, mine, 1); }, [&] { scale(a, mine, 2); },
                 [&] { scale(a, small, factor); }, [&] { copy(a, mine, b, mine); },
                 [&] { copy(everyone.rank() == 0 ? a : b, small, b, small); },
                 [&] { copy(a, everyone.rank() == 0 ? turned : small, b, small); },
                 [&] { add(b, mine, a, mine); }, [&] { add(b, small, a, small, factor); }})
            EXPECT_EQ(caught(call).code, errc::mismatched_arguments);
        EXPECT_EQ(sum(a, small), 4 * 7);
        EXPECT_EQ(sum(b), 0);
    }
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

TEST(Patch, OfOneArrayMovesToAnotherPlaceInIt) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> a(everyone, {40});
    set(a);

    copy(a, {{0}, {20}}, a, {{20}, {40}});
    copy(a, {{3}, {9}}, a, {{3}, {9}});
    add(a, {{20}, {40}}, a, {{20}, {40}});

    expect_own(a, [](const indices<1>& at) {
        return at[0] < 20 ? number<int, 1>(at) : 2 * number<int, 1>({at[0] - 20});
    });
}

// Every step-th element, of both orders, from and to memory of both orders.
TEST(StridedBox, GetAndPutMoveTheirElementsAlone) {
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents = {29, 23};
    for (const distribution_options& cut : cuts_of(everyone, extents))
        for (const strided_box<2>& every :
             {strided_box<2>{{0, 0}, {29, 23}, {1, 1}}, strided_box<2>{{1, 2}, {28, 21}, {3, 4}},
              strided_box<2>{{0, 3}, {29, 4}, {7, 9}}, strided_box<2>{{5, 0}, {6, 23}, {1, 22}},
              strided_box<2>{{4, 4}, {4, 9}, {2, 2}},
              strided_box<2>{{2, 1}, {29, 23}, {index_t{1} << 62, 2}}}) {
            array<double, 2> a(everyone, extents, {.distribution = cut});
            array<double, 2, column_major> c(everyone, extents);
            set(a);
            set(c);
            const indices<2> count = every.extents();
            std::vector<double> memory(static_cast<std::size_t>(count[0] * count[1]), -1);
            std::vector<double> other = memory;
            const view<double, 2> rows(memory.data(), count);
            const view<double, 2, column_major> columns(other.data(), count);
            const auto place = [&](index_t i, index_t j) {
                return indices<2>{every.lo[0] + i * every.step[0], every.lo[1] + j * every.step[1]};
            };

            a.get(every, memory);
            c.get(every, columns);

            index_t wrong = 0;
            for (index_t i = 0; i < count[0]; ++i)
                for (index_t j = 0; j < count[1]; ++j) {
                    wrong += rows(i, j) == number<double, 2>(place(i, j)) ? 0 : 1;
                    wrong += columns(i, j) == number<double, 2>(place(i, j)) ? 0 : 1;
                    columns(i, j) = -rows(i, j);
                }
            EXPECT_EQ(wrong, 0);
            a.fence();
            if (everyone.rank() == everyone.size() - 1) {
                a.put(every, columns);
                c.put(every, columns);
            }
            a.fence();
            const auto expected = [&](const indices<2>& at) {
                bool is_one = true;
                for (std::size_t d = 0; d < 2; ++d)
                    is_one &= at[d] >= every.lo[d] && at[d] < every.hi[d] &&
                              (at[d] - every.lo[d]) % every.step[d] == 0;
                return is_one ? -number<double, 2>(at) : number<double, 2>(at);
            };
            expect_own(a, expected);
            expect_own(c, expected);
        }
}

TEST(StridedBox, RefusesStepsAndBuffersThatDoNotFit) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> a(everyone, {10});
    std::vector<int> four(4), three(3);

    EXPECT_EQ(caught([&] { a.get({{0}, {10}, {0}}, four); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { a.put({{0}, {10}, {-3}}, four); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { a.get({{0}, {10}, {3}}, three); }).code, errc::size_mismatch);
    EXPECT_EQ(caught([&] { a.get({{0}, {11}, {3}}, four); }).code, errc::out_of_range);
    EXPECT_FALSE(caught([&] { a.get({{0}, {10}, {3}}, four); }).code);
    a.fence();
}

TEST(Patch, GetPeriodicReadsAsIfTheArrayWereRepeated) {
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents = {7, 5};
    array<int, 2> a(everyone, extents);
    array<int, 2, column_major> c(everyone, extents);
    set(a);
    set(c);
    const auto repeated = [&](index_t i, index_t j) {
        return number<int, 2>({((i % 7) + 7) % 7, ((j % 5) + 5) % 5});
    };
    for (const box<2>& patch :
         {box<2>{{-3, -4}, {4, 3}}, box<2>{{5, 2}, {9, 13}}, box<2>{{-14, 5}, {-7, 10}},
          box<2>{{0, 0}, {7, 5}}, box<2>{{-20, 3}, {20, 4}}, box<2>{{6, 4}, {6, 9}}}) {
        std::vector<int> by_rows(static_cast<std::size_t>(patch.size())), by_columns = by_rows;

        get_periodic(a, patch, by_rows);
        get_periodic(c, patch, by_columns);

        index_t wrong = 0;
        const view<int, 2> rows(by_rows.data(), patch.extents());
        const view<int, 2, column_major> columns(by_columns.data(), patch.extents());
        for (index_t i = 0; i < rows.extent(0); ++i)
            for (index_t j = 0; j < rows.extent(1); ++j) {
                const int expected = repeated(patch.lo[0] + i, patch.lo[1] + j);
                wrong += rows(i, j) == expected ? 0 : 1;
                wrong += columns(i, j) == expected ? 0 : 1;
            }
        EXPECT_EQ(wrong, 0);
    }
    a.fence();
}

TEST(Patch, PutPeriodicWritesWhatGetPeriodicReads) {
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {7, 5});
    const box<2> patch{{-2, 3}, {3, 8}};
    std::vector<int> values(25), back(25);
    for (int i = 0; i < 25; ++i) values[static_cast<std::size_t>(i)] = i + 1;

    if (everyone.rank() == everyone.size() - 1) put_periodic(a, patch, values);
    a.fence();
    get_periodic(a, patch, back);

    EXPECT_EQ(back, values);
    EXPECT_EQ(sum(a), 25 * 26 / 2);
    EXPECT_EQ(a.get({5, 3}), 1);
    EXPECT_EQ(a.get({2, 2}), 25);
    std::vector<int> many(80);
    EXPECT_EQ(caught([&] {
                  put_periodic(a, {{0, 0}, {8, 1}}, std::span(many).first(8));
              }).code,
              errc::invalid_argument);
    EXPECT_EQ(caught([&] { get_periodic(a, {{0, 0}, {8, 1}}, many); }).code, errc::size_mismatch);
    EXPECT_EQ(caught([&] { get_periodic(a, {{0, 4}, {8, 1}}, many); }).code, errc::out_of_range);
    array<int, 2> none(everyone, {0, 5});
    EXPECT_EQ(caught([&] {
                  get_periodic(none, {{0, 0}, {8, 10}}, many);
              }).code,
              errc::out_of_range);
    a.fence();
}

} // namespace
