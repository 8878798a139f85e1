#include "c_call.hpp"

#include <algorithm>
#include <atomic>

using namespace nodespan;
using detail::c_call;
using detail::held;
using detail::require_pointer;

namespace {

// As many numbers as the array has dimensions, in the order of the core's indices.
index_list list_of(const char* operation, const nodespan_array& a, const int64_t* from) {
    require_pointer(operation, "list of indices", from);
    index_list result = a.core.cut().extents();
    std::copy_n(from, result.size(), &result[0]);
    return a.is_column_major ? reversed(result) : result;
}

box<dynamic> box_of(const char* operation, const nodespan_array& a, const int64_t* lo,
                    const int64_t* hi) {
    return {list_of(operation, a, lo), list_of(operation, a, hi)};
}

// Memory for `count` elements, in the array's order: the core's as well.
detail::patch_memory memory_of(const char* operation, const void* data, int64_t count) {
    if (count != 0) require_pointer(operation, "buffer", data);
    detail::patch_memory memory;
    memory.data = static_cast<std::byte*>(const_cast<void*>(data)); // read only by put
    memory.size = count;
    return memory;
}

// On one node by the processor, as array<T, N>::fetch_add does.
template <class T>
void add(nodespan_array& a, const index_list& at, const void* value, void* result) {
    T before{};
    if (a.core.is_one_node()) {
        a.core.require_index("fetch_add", at);
        a.core.claim_atomics();
        const box<dynamic>& stored = a.core.stored_box();
        const index_list strides = row_major_strides(stored.extents());
        index_t place = 0;
        for (std::size_t d = 0; d < strides.size(); ++d)
            place += (at[d] - stored.lo[d]) * strides[d];
        T& element = reinterpret_cast<T*>(a.core.node_data())[place];
        before = std::atomic_ref<T>(element).fetch_add(*static_cast<const T*>(value));
    } else {
        a.core.fetch_add(at, value, &before);
    }
    if (result != nullptr) *static_cast<T*>(result) = before;
}

mutex& lock_of(const char* operation, nodespan_array* array, int node) {
    return held(operation, array).core.lock_of(node);
}

} // namespace

int nodespan_array_get(const nodespan_array* array, const int64_t* lo, const int64_t* hi, void* to,
                       int64_t count) {
    return c_call([&] {
        const char* const operation = "nodespan_array_get";
        const nodespan_array& a = held(operation, array);
        a.core.get(box_of(operation, a, lo, hi), memory_of(operation, to, count));
    });
}

int nodespan_array_put(nodespan_array* array, const int64_t* lo, const int64_t* hi,
                       const void* from, int64_t count) {
    return c_call([&] {
        const char* const operation = "nodespan_array_put";
        nodespan_array& a = held(operation, array);
        a.core.put(box_of(operation, a, lo, hi), memory_of(operation, from, count));
    });
}

int nodespan_array_accumulate(nodespan_array* array, const int64_t* lo, const int64_t* hi,
                              const void* from, int64_t count, nodespan_op op, const void* scale) {
    return c_call([&] {
        const char* const operation = "nodespan_array_accumulate";
        nodespan_array& a = held(operation, array);
        if (static_cast<int>(op) < NODESPAN_SUM || static_cast<int>(op) > NODESPAN_REPLACE)
            throw error(errc::invalid_argument, std::string(operation) +
                                                    ": there is no operation " +
                                                    std::to_string(static_cast<int>(op)));
        a.core.accumulate(box_of(operation, a, lo, hi), memory_of(operation, from, count),
                          static_cast<accumulate_op>(op), scale);
    });
}

int nodespan_array_fetch_add(nodespan_array* array, const int64_t* at, const void* value,
                             void* before) {
    return c_call([&] {
        const char* const operation = "nodespan_array_fetch_add";
        nodespan_array& a = held(operation, array);
        require_pointer(operation, "value", value);
        visit(a.type, [&]<class T>(std::type_identity<T>) {
            if constexpr (detail::addable<T>)
                add<T>(a, list_of(operation, a, at), value, before);
            else
                throw error(errc::invalid_argument, std::string(operation) + ": elements of type " +
                                                        to_string(a.type) + " have no fetch_add");
        });
    });
}

int nodespan_array_fence(nodespan_array* array) {
    return c_call([&] { held("nodespan_array_fence", array).core.fence(); });
}

int nodespan_array_node_fence(nodespan_array* array) {
    return c_call([&] { held("nodespan_array_node_fence", array).core.node_fence(); });
}

int nodespan_array_exchange_ghosts(nodespan_array* array) {
    return c_call([&] { held("nodespan_array_exchange_ghosts", array).core.exchange_ghosts(); });
}

int nodespan_array_lock(nodespan_array* array, int node) {
    return c_call([&] { lock_of("nodespan_array_lock", array, node).lock(); });
}

int nodespan_array_unlock(nodespan_array* array, int node) {
    return c_call([&] { lock_of("nodespan_array_unlock", array, node).unlock(); });
}

int nodespan_array_lock_shared(nodespan_array* array, int node) {
    return c_call([&] { lock_of("nodespan_array_lock_shared", array, node).lock_shared(); });
}

int nodespan_array_unlock_shared(nodespan_array* array, int node) {
    return c_call([&] { lock_of("nodespan_array_unlock_shared", array, node).unlock_shared(); });
}
