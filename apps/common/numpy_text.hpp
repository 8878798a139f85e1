#pragma once

#include <nodespan/array.hpp>

#include <string>
#include <vector>

namespace nodespan::app {

/// Which indices along an extent NumPy shows, of an array of so many elements: all, or with more
/// than 1000 elements the first and the last three.
std::vector<index_t> shown_along(index_t extent, index_t elements);

/// Numbers as NumPy writes them side by side: as wide as the widest, with as many digits as they
/// need, at most 8 after the point. Finite ones. For float, double and integers of 8 to 64 bits.
template <class T>
std::vector<std::string> numpy_words(const std::vector<T>& values);

/// Words in brackets and lines. `words`: one for each index shown, row-major.
std::string in_brackets(const index_list& extents, const std::vector<std::string>& words);

/// An array as numpy.array2string shows it with its defaults, and so print() in Python.
/// Shape:  no extent 0.
/// Call:   any rank alone. Epoch, errors: as array::get.
/// Cost:   reads what is shown, at most 1000 elements in one or two dimensions, one by one.
template <class T, int N, class Layout>
std::string numpy_text(const array<T, N, Layout>& from) {
    std::vector<std::vector<index_t>> shown;
    for (const index_t extent : from.extents()) shown.push_back(shown_along(extent, from.size()));
    std::vector<T> values;
    const auto collect = [&](const auto& self, indices<N>& at, std::size_t d) -> void {
        if (d == N) return values.push_back(from.get(at));
        for (const index_t i : shown[d]) {
            at[d] = i;
            self(self, at, d + 1);
        }
    };
    indices<N> at{};
    collect(collect, at, 0);
    return in_brackets(from.extents(), numpy_words(values));
}

} // namespace nodespan::app
