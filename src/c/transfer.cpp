#include "nodespan/c/transfer.h"

#include "array.hpp"

#include <atomic>
#include <cstring>

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
    switch (op) {
    case NODESPAN_SUM:
        return accumulate_op::sum;
    case NODESPAN_MIN:
        return accumulate_op::min;
    case NODESPAN_MAX:
        return accumulate_op::max;
    case NODESPAN_PROD:
        return accumulate_op::prod;
    case NODESPAN_REPLACE:
        return accumulate_op::replace;
    case NODESPAN_FMIN:
        return accumulate_op::fmin;
    case NODESPAN_FMAX:
        return accumulate_op::fmax;
    }
    throw error(
        errc::invalid_argument,
        fmt::format("nodespan_array_accumulate: {} is no nodespan_op", static_cast<int>(op)));
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
