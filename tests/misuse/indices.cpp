// Lists of indices have exactly as many numbers as the array has dimensions.

#include "misuse.hpp"

#include <nodespan/nodespan.hpp>

#include <array>
#include <vector>

using namespace nodespan;

// One case a line.
// clang-format off

void makes_arrays(const team& everyone) {
    RIGHT(array<double, 3> a(everyone, {100, 100, 1}));
    WRONG(array<double, 3> b(everyone, {100, 100})); // refused: no matching (function|constructor)
    WRONG(array<double, 1> c(everyone, {100, 100})); // refused: no matching (function|constructor)
    WRONG(array<double, 2> d(everyone, 100)); // refused: no matching (function|constructor)
    RIGHT(array<double, 2, column_major> e(everyone, {100, 100}));
    WRONG(array<double, 2, column_major> f(everyone, {100})); // refused: no matching (function|constructor)
}

void looks_at_elements(array<double, 3>& b, int owner) {
    double found = 0;
    RIGHT(found = b.get({3, 3, 0}));
    WRONG(found = b.get({3, 3})); // refused: no matching (function|member)
    RIGHT(b.put({3, 3, 0}, found));
    WRONG(b.put({3, 3}, found)); // refused: no matching (function|member)
    RIGHT(b.fetch_add({0, 0, 0}, 1));
    WRONG(b.fetch_add({0, 0}, 1)); // refused: no matching|cannot convert|no viable
    RIGHT(owner = b.owner_node({0, 0, 0}));
    WRONG(owner = b.owner_node({0})); // refused: no matching|cannot convert|no viable
    static_cast<void>(owner);
}

void moves_patches(array<double, 2>& a, std::vector<double>& room) {
    RIGHT(a.get({{0, 0}, {2, 2}}, room));
    WRONG(a.get({{0}, {2}}, room)); // refused: no matching (function|member)
    WRONG(a.get({{0, 0}}, room)); // refused: no matching (function|member)
    WRONG(a.get({0, 0, 2, 2}, room)); // refused: no matching (function|member)
    RIGHT(a.put({{0, 0}, {2, 2}}, room));
    WRONG(a.put({{0, 0}, {2}}, room)); // refused: no matching (function|member)
}

void names_indices(const box<2>& b, bool inside) {
    RIGHT(indices<2> at{1, 2});
    WRONG(indices<2> at1{1}); // refused: no matching (function|constructor)
    WRONG(indices<2> at3{1, 2, 3}); // refused: no matching (function|constructor)
    RIGHT(box<2> part{{0, 0}, {1, 1}});
    WRONG(box<2> part2{{0, 0}, {1}}); // refused: no matching (function|constructor)
    RIGHT(inside = b.contains({0, 0}));
    WRONG(inside = b.contains({0})); // refused: no matching (function|member)
    RIGHT(indices<2> same = std::array<index_t, 2>{1, 2});
    WRONG(indices<2> other = std::array<index_t, 3>{1, 2, 3}); // refused: conversion from|no viable conversion
    RIGHT(static_cast<void>(at), static_cast<void>(part), static_cast<void>(same));
    static_cast<void>(inside);
}

void names_lists(array<double, 2>& a, std::vector<double>& room) {
    RIGHT(std::vector<indices<2>> where{{0, 0}, {1, 1}});
    WRONG(std::vector<indices<2>> where{{0, 0}, {1, 1, 1}}); // refused: no matching (function|constructor)
    a.gather(where, room);
}

void makes_tables(team& everyone) {
    RIGHT(replicated<double, 2> table(everyone, {10, 10}));
    WRONG(replicated<double, 2> table(everyone, {10})); // refused: no matching (function|constructor)
}

double looks_at_views(const view<double, 2>& v) {
    RIGHT(return v[{1, 2}]);
    WRONG(return v[{1}]); // refused: no (match for|viable overloaded)
}

void does_not_narrow(array<double, 2>& a, double x) {
    RIGHT(a.put({1, static_cast<index_t>(x)}, x));
    WRONG(a.put({1, x}, x)); // refused: narrowing|cannot be narrowed
}
