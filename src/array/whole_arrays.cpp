#include "nodespan/detail/whole_arrays.hpp"

#include "nodespan/detail/borrowed.hpp"
#include "nodespan/order.hpp"
#include "nodespan/scan.hpp"
#include "run_time_types.hpp"

#include <type_traits>
#include <utility>

namespace nodespan::detail {
namespace {

/// Calls f(borrowed array of T) with its number of dimensions.
template <class T, class F, int... D>
auto with_dimensions(const array_core& field, F&& f, std::integer_sequence<int, D...>) {
    decltype(f(*std::declval<borrowed<T, 1>&>())) result{};
    const auto try_one = [&]<int N>(std::integral_constant<int, N>) {
        if (field.cut().dimensions() != N) return;
        borrowed<T, N> typed(field);
        result = f(*typed);
    };
    (try_one(std::integral_constant<int, D + 1>()), ...);
    return result;
}

constexpr std::make_integer_sequence<int, max_dimensions> all_dimensions{};

} // namespace

void cumsum(const array_core& field, dtype type, array_core& out) {
    require_one_dimension("cumsum", field);
    require_one_dimension("cumsum", out);
    visit(type, [&](auto known) {
        using T = typename decltype(known)::type;
        if constexpr (std::is_same_v<T, bool>) {
            throw error(errc::invalid_argument, "cumsum: elements of type bool have no sums", true);
        } else {
            borrowed<T, 1> from(field), to(out);
            nodespan::cumsum(std::as_const(*from), *to);
        }
    });
}

index_list place_of_best(const array_core& field, dtype type, accumulate_op op) {
    const bool is_least = op == accumulate_op::min;
    return visit_ordered(is_least ? "argmin" : "argmax", type, [&](auto known) {
        using T = typename decltype(known)::type;
        return with_dimensions<T>(
            field,
            [&](const auto& typed) {
                return index_list(is_least ? nodespan::argmin(typed) : nodespan::argmax(typed));
            },
            all_dimensions);
    });
}

std::vector<index_t> histogram(const array_core& field, dtype type, std::span<const double> edges) {
    return visit_ordered("histogram", type, [&](auto known) {
        using T = typename decltype(known)::type;
        return with_dimensions<T>(
            field, [&](const auto& typed) { return nodespan::histogram(typed, edges); },
            all_dimensions);
    });
}

} // namespace nodespan::detail
