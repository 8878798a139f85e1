// Views become std::mdspan, which sees the same elements: compiled and run where <mdspan> is.
#include <nodespan/view.hpp>

#ifndef __cpp_lib_mdspan
#error this compiler has no <mdspan>
#endif

#include <cstdio>
#include <numeric>
#include <vector>

namespace {

template <class T>
using any_strides = std::mdspan<T, std::dextents<nodespan::index_t, 2>, std::layout_stride>;

// How many elements of `seen` are not those of `v`, at the same addresses.
template <class T, class Layout>
int differences(nodespan::view<T, 2, Layout> v) {
    const any_strides<T> seen = v;
    int count = seen.extent(0) != v.extent(0) || seen.extent(1) != v.extent(1);
    for (nodespan::index_t i = 0; i < v.extent(0); ++i)
        for (nodespan::index_t j = 0; j < v.extent(1); ++j) count += &seen[i, j] != &v(i, j);
    return count;
}

} // namespace

int main() {
    std::vector<int> memory(24);
    std::iota(memory.begin(), memory.end(), 0);
    const nodespan::view<int, 2> rows(memory.data(), {4, 6});
    const nodespan::view<int, 2, nodespan::column_major> columns(memory.data(), {4, 6});
    const nodespan::view<const int, 2> constant(memory.data(), {4, 6});

    const int wrong = differences(rows) + differences(columns) + differences(constant) +
                      differences(rows.patch({{1, 2}, {3, 5}}));

    std::printf("%d differences\n", wrong);
    return wrong == 0 ? 0 : 1;
}
