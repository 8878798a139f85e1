#include "fetch_add.hpp"

#include "errors.hpp"
#include "waiting.hpp"

#include <atomic>
#include <cstring>

namespace nodespan::python {
namespace {

std::byte* place_of(detail::array_core& core, const index_list& at) {
    const box<dynamic_rank>& stored = core.stored_places();
    const index_list strides = row_major_strides(stored.extents());
    index_t offset = 0;
    for (std::size_t d = 0; d < at.size(); ++d) offset += (at[d] - stored.lo[d]) * strides[d];
    return core.node_data() + offset * static_cast<index_t>(core.element_bytes());
}

template <class T>
void add_to(detail::array_core& core, const index_list& at, const void* value, void* before) {
    T added{}, found{};
    std::memcpy(&added, value, sizeof(T));
    if (core.is_one_node()) {
        core.claim_atomics();
        found = std::atomic_ref<T>(*reinterpret_cast<T*>(place_of(core, at))).fetch_add(added);
    } else {
        waiting("Array.fetch_add", [&] { core.fetch_add(at, &added, &found); });
    }
    std::memcpy(before, &found, sizeof(T));
}

} // namespace

void fetch_add(detail::array_core& core, const element& type, const index_list& at,
               const void* value, void* before) {
    const bool is_added = type.number && visit(*type.number, [&](auto known) {
                              using T = typename decltype(known)::type;
                              if constexpr (detail::addable<T>) add_to<T>(core, at, value, before);
                              return detail::addable<T>;
                          });
    if (!is_added)
        throw_python(PyExc_TypeError, "nodespan: fetch_add: elements of dtype " + type.name +
                                          " have none; integers, float32 and float64 do");
}

} // namespace nodespan::python
