#include "nodespan/c/transfer.h"

#include "array.hpp"
#include "op.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

struct patch {
    box<dynamic_rank> where;
    detail::patch_memory memory;
};

// The patch and the memory of get, put and accumulate. The run-time array finds boxes and sizes
// that do not fit.
patch take_patch(const char* function, nodespan_array array, const std::int64_t* lo,
                 const std::int64_t* hi, const char* name, const void* elements,
                 std::int64_t count) {
    require_given(function, "array", array);
    patch result;
    result.where = {detail::take_list(function, "lo", *array, lo),
                    detail::take_list(function, "hi", *array, hi)};
    if (elements == nullptr && count != 0)
        throw error(errc::invalid_argument, fmt::format("{}: {} is null", function, name));
    // Only get writes there, and its caller passed memory that can be written.
    result.memory.data = static_cast<std::byte*>(const_cast<void*>(elements));
    result.memory.size = count;
    return result;
}

accumulate_op take_op(nodespan_op op) {
    if (const auto known = detail::op_of(op)) return *known;
    throw error(
        errc::invalid_argument,
        fmt::format("nodespan_array_accumulate: {} is no nodespan_op", static_cast<int>(op)));
}

// The places of gather and scatter, in the order of the core. The run-time array finds those that
// do not exist.
struct place_list {
    std::vector<index_t> reversed; // of a column-major array
    const index_t* numbers = nullptr;
    std::size_t count = 0;
};

place_list take_places(const char* function, nodespan_array array, const std::int64_t* places,
                       std::int64_t count, const char* name, const void* elements) {
    require_given(function, "array", array);
    if (count < 0)
        throw error(errc::invalid_argument, fmt::format("{}: a count of {}", function, count));
    place_list result;
    result.count = static_cast<std::size_t>(count);
    if (count == 0) return result;
    require_given(function, "places", places);
    detail::require_not_null(function, name, elements);
    result.numbers = places;
    const std::size_t dimensions = array->dimensions();
    if (!array->is_column_major || dimensions == 1) return result;
    result.reversed.assign(places, places + result.count * dimensions);
    for (std::size_t i = 0; i < result.count; ++i)
        std::reverse(&result.reversed[i * dimensions],
                     &result.reversed[i * dimensions] + dimensions);
    result.numbers = result.reversed.data();
    return result;
}

// Lists of all ranks, which agree on whether theirs are good.
template <class Body>
int on_lists(const char* function, nodespan_array array, const std::int64_t* places,
             std::int64_t count, const char* name, const void* elements, Body&& body) {
    return c_call([&] {
        require_given(function, "array", array);
        place_list all;
        detail::agree_on_arguments(array->core->get_team(), function, [&] {
            all = take_places(function, array, places, count, name, elements);
        });
        body(*array->core, all);
    });
}

void require_sums(const char* function, const nodespan_array_object& array) {
    if (array.type == dtype::boolean)
        throw error(errc::invalid_argument,
                    fmt::format("{}: elements of type {} have none", function, "bool"));
}

// On one node the processor does it, as in array::fetch_add.
template <class T>
void fetch_add(nodespan_array_object& array, const index_list& at, const void* value,
               void* before) {
    T added{}, found{};
    std::memcpy(&added, value, sizeof(T));
    array.core->require_live("fetch_add");
    if (array.core->is_one_node()) {
        array.core->require_index("fetch_add", at);
        array.core->claim_atomics();
        T& element = *reinterpret_cast<T*>(detail::first_element(array, at));
        found = std::atomic_ref<T>(element).fetch_add(added);
    } else {
        array.core->fetch_add(at, &added, &found);
    }
    if (before != nullptr) std::memcpy(before, &found, sizeof(T));
}

} // namespace

int nodespan_array_get(nodespan_array array, const int64_t* lo, const int64_t* hi, void* to,
                       int64_t count) {
    return c_call([&] {
        const patch wanted = take_patch("nodespan_array_get", array, lo, hi, "to", to, count);
        array->core->get(wanted.where, wanted.memory);
    });
}

int nodespan_array_put(nodespan_array array, const int64_t* lo, const int64_t* hi, const void* from,
                       int64_t count) {
    return c_call([&] {
        const patch given = take_patch("nodespan_array_put", array, lo, hi, "from", from, count);
        array->core->put(given.where, given.memory);
    });
}

int nodespan_array_accumulate(nodespan_array array, nodespan_op op, const int64_t* lo,
                              const int64_t* hi, const void* from, int64_t count,
                              const void* scale) {
    return c_call([&] {
        const patch given =
            take_patch("nodespan_array_accumulate", array, lo, hi, "from", from, count);
        array->core->accumulate(given.where, given.memory, take_op(op), scale);
    });
}

int nodespan_array_fetch_add(nodespan_array array, const int64_t* at, const void* value,
                             void* before) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_fetch_add";
        require_given(name, "array", array);
        if (value == nullptr)
            throw error(errc::invalid_argument, fmt::format("{}: {} is null", name, "value"));
        const index_list index = detail::take_list(name, "at", *array, at);
        visit(array->type, [&](auto known) {
            using T = typename decltype(known)::type;
            if constexpr (detail::addable<T>)
                fetch_add<T>(*array, index, value, before);
            else
                throw error(errc::invalid_argument, fmt::format("{}: elements of type {} have none",
                                                                name, dtype_name(array->type)));
        });
    });
}

int nodespan_array_gather(nodespan_array array, const int64_t* places, int64_t count, void* to) {
    return c_call([&] {
        const place_list from =
            take_places("nodespan_array_gather", array, places, count, "to", to);
        array->core->gather(from.numbers, from.count, static_cast<std::byte*>(to), from.count);
    });
}

int nodespan_array_scatter(nodespan_array array, const int64_t* places, int64_t count,
                           const void* from) {
    return c_call([&] {
        const place_list to =
            take_places("nodespan_array_scatter", array, places, count, "from", from);
        array->core->scatter(to.numbers, to.count, static_cast<const std::byte*>(from), to.count);
    });
}

int nodespan_array_scatter_add(nodespan_array array, const int64_t* places, int64_t count,
                               const void* from) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_scatter_add";
        const place_list to = take_places(name, array, places, count, "from", from);
        require_sums(name, *array);
        array->core->scatter_add(to.numbers, to.count, static_cast<const std::byte*>(from),
                                 to.count);
    });
}

int nodespan_array_gather_all(nodespan_array array, const int64_t* places, int64_t count,
                              void* to) {
    return on_lists("nodespan_array_gather_all", array, places, count, "to", to,
                    [&](detail::array_core& core, const place_list& all) {
                        core.gather_all(all.numbers, all.count, static_cast<std::byte*>(to),
                                        all.count);
                    });
}

int nodespan_array_scatter_all(nodespan_array array, const int64_t* places, int64_t count,
                               const void* from) {
    return on_lists("nodespan_array_scatter_all", array, places, count, "from", from,
                    [&](detail::array_core& core, const place_list& all) {
                        core.scatter_all(all.numbers, all.count,
                                         static_cast<const std::byte*>(from), all.count);
                    });
}

int nodespan_array_scatter_add_all(nodespan_array array, const int64_t* places, int64_t count,
                                   const void* from) {
    constexpr const char* name = "nodespan_array_scatter_add_all";
    return on_lists(name, array, places, count, "from", from,
                    [&](detail::array_core& core, const place_list& all) {
                        require_sums(name, *array);
                        core.scatter_add_all(all.numbers, all.count,
                                             static_cast<const std::byte*>(from), all.count);
                    });
}
