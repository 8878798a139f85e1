#include "nodespan/c/whole.h"

#include "array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/moving.hpp"
#include "nodespan/detail/whole_arrays.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

void require_type(const char* function, const nodespan_array_object& array, dtype wanted) {
    if (array.type != wanted)
        throw error(errc::invalid_argument,
                    fmt::format("{}: arrays of types {} and {}; it takes those of one", function,
                                dtype_name(wanted), dtype_name(array.type)));
}

void require_order(const char* function, const nodespan_array_object& array) {
    if (!detail::has_order(array.type))
        throw error(errc::invalid_argument, fmt::format("{}: elements of type {} have no order",
                                                        function, dtype_name(array.type)));
}

void require_dimensions_of(const char* function, const nodespan_array_object& array,
                           std::size_t wanted) {
    if (array.dimensions() != wanted)
        throw error(errc::invalid_argument,
                    fmt::format("{}: an array of {} dimensions where it takes {}", function,
                                array.dimensions(), wanted));
}

// In the cores' orders, of axes in the arrays' own.
index_list axes_of_cores(const nodespan_array_object& from, const nodespan_array_object& to,
                         const index_list& axes) {
    index_list result = to.in_order(axes);
    const auto last = static_cast<index_t>(axes.size()) - 1;
    for (std::size_t d = 0; d < axes.size() && from.is_column_major; ++d)
        result[d] = last - result[d];
    return result;
}

// Makes the array anew; its options are in the order of the core.
void make_anew(const char* function, nodespan_array_object& array, const index_list& extents,
               const array_options& options) {
    detail::array_core& old = *array.core;
    auto made = std::make_unique<detail::array_core>(old.get_team(), extents, old.type(), options);
    detail::move_elements(function, old, *made);
    array.core = std::move(made);
}

int tell_place(const char* function, nodespan_array array, std::int64_t* at, accumulate_op op) {
    return c_call([&] {
        require_given(function, "array", array);
        detail::agree_on_arguments(array->core->get_team(), function, [&] {
            require_given(function, "at", at);
            require_order(function, *array);
        });
        detail::give_list(*array, detail::place_of_best(*array->core, array->type, op), at);
    });
}

} // namespace

int nodespan_array_redistribute(nodespan_array array, const int* node_grid, const int* rank_grid,
                                const int64_t* block) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_redistribute";
        require_given(name, "array", array);
        array_options options = array->core->options();
        detail::agree_on_arguments(array->core->get_team(), name, [&] {
            const auto take = [&](const auto* given, auto& wish) {
                wish.clear();
                if (given != nullptr) wish.assign(given, given + array->dimensions());
                if (array->is_column_major) std::reverse(wish.begin(), wish.end());
            };
            options.distribution = {};
            take(node_grid, options.distribution.node_grid);
            take(rank_grid, options.distribution.rank_grid);
            take(block, options.distribution.block);
        });
        options.zeroed = false; // all are overwritten
        make_anew(name, *array, array->core->cut().extents(), options);
    });
}

int nodespan_array_resize(nodespan_array array, const int64_t* extents) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_resize";
        require_given(name, "array", array);
        index_list wanted;
        array_options options = array->core->options();
        detail::agree_on_arguments(array->core->get_team(), name, [&] {
            wanted = detail::take_list(name, "extents", *array, extents);
        });
        options.zeroed = true;
        make_anew(name, *array, wanted, options);
    });
}

int nodespan_array_transpose(nodespan_array from, nodespan_array to, const int* axes) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_transpose";
        require_given(name, "to", to);
        index_list order;
        detail::agree_on_arguments(to->core->get_team(), name, [&] {
            require_given(name, "from", from);
            require_type(name, *to, from->type);
            require_dimensions_of(name, *to, from->dimensions());
            order = detail::axes_in_order(static_cast<int>(to->dimensions()), true);
            for (std::size_t d = 0; d < order.size() && axes != nullptr; ++d) order[d] = axes[d];
            order = axes_of_cores(*from, *to, order);
        });
        detail::turn_over(*from->core, *to->core, order);
    });
}

int nodespan_array_copy(nodespan_array from, const int64_t* from_lo, const int64_t* from_hi,
                        nodespan_array to, const int64_t* to_lo, const int64_t* to_hi) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_copy";
        require_given(name, "to", to);
        box<dynamic_rank> there, here;
        index_list order;
        detail::agree_on_arguments(to->core->get_team(), name, [&] {
            require_given(name, "from", from);
            require_type(name, *to, from->type);
            require_dimensions_of(name, *to, from->dimensions());
            there = {detail::take_list(name, "from_lo", *from, from_lo),
                     detail::take_list(name, "from_hi", *from, from_hi)};
            here = {detail::take_list(name, "to_lo", *to, to_lo),
                    detail::take_list(name, "to_hi", *to, to_hi)};
            order = axes_of_cores(*from, *to,
                                  detail::axes_in_order(static_cast<int>(to->dimensions())));
        });
        detail::copy_box(*from->core, there, *to->core, here, order);
    });
}

int nodespan_array_sort(nodespan_array array) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_sort";
        require_given(name, "array", array);
        detail::sort(*array->core, array->type);
    });
}

int nodespan_array_sort_by_key(nodespan_array keys, nodespan_array values) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_sort_by_key";
        require_given(name, "keys", keys);
        detail::agree_on_arguments(keys->core->get_team(), name, [&] {
            require_given(name, "values", values);
            require_order(name, *keys);
            require_dimensions_of(name, *values, keys->dimensions());
            if (bytes_of(values->type) != 8)
                throw error(errc::invalid_argument,
                            fmt::format("{}: values of type {}; it takes types of 8 bytes", name,
                                        dtype_name(values->type)));
        });
        detail::sort(*keys->core, keys->type, *values->core);
    });
}

int nodespan_array_cumsum(nodespan_array array, nodespan_array out) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_cumsum";
        require_given(name, "array", array);
        detail::agree_on_arguments(array->core->get_team(), name, [&] {
            require_given(name, "out", out);
            require_type(name, *out, array->type);
            require_dimensions_of(name, *out, array->dimensions());
        });
        detail::cumsum(*array->core, array->type, *out->core);
    });
}

int nodespan_array_argmin(nodespan_array array, int64_t* at) {
    return tell_place(__func__, array, at, accumulate_op::min);
}

int nodespan_array_argmax(nodespan_array array, int64_t* at) {
    return tell_place(__func__, array, at, accumulate_op::max);
}

int nodespan_array_histogram(nodespan_array array, const double* edges, int64_t edge_count,
                             int64_t* counts) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_histogram";
        require_given(name, "array", array);
        detail::agree_on_arguments(array->core->get_team(), name, [&] {
            detail::require_not_null(name, "edges", edges);
            detail::require_not_null(name, "counts", counts);
            require_order(name, *array);
            if (edge_count < 0)
                throw error(errc::invalid_argument,
                            fmt::format("{}: a count of {}", name, edge_count));
        });
        const std::vector<index_t> found = detail::histogram(
            *array->core, array->type, std::span(edges, static_cast<std::size_t>(edge_count)));
        std::copy(found.begin(), found.end(), counts);
    });
}
