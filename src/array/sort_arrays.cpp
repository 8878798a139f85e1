#include "nodespan/detail/borrowed.hpp"
#include "nodespan/detail/whole_arrays.hpp"
#include "nodespan/sort.hpp"
#include "run_time_types.hpp"

#include <cstdint>

namespace nodespan::detail {

bool has_order(dtype type) noexcept {
    return facts_of(type).kind != 'c';
}

void sort(array_core& field, dtype type) {
    require_one_dimension("sort", field);
    visit_ordered("sort", type, [&](auto known) {
        borrowed<typename decltype(known)::type, 1> typed(field);
        nodespan::sort(*typed);
    });
}

void sort(array_core& keys, dtype type, array_core& values) {
    require_one_dimension("sort", keys);
    require_one_dimension("sort", values);
    visit_ordered("sort", type, [&](auto known) {
        borrowed<typename decltype(known)::type, 1> typed(keys);
        borrowed<std::uint64_t, 1> along(values);
        nodespan::sort(*typed, *along);
    });
}

} // namespace nodespan::detail
