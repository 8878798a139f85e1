#pragma once

// The bodies of the members that array.hpp declares.

#include "nodespan/array.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "nodespan/detail/inside.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>

namespace nodespan {

template <class T, int N>
array<T, N, row_major>::array(const team& team, const indices<N>& extents,
                              const array_options& options)
    : array(team, extents, options, false) {}

template <class T, int N>
array<T, N, row_major>::array(const team& team, const indices<N>& extents,
                              const array_options& options, bool is_transposed)
    : array(std::make_unique<detail::array_core>(
          team, extents,
          detail::element_type{sizeof(T), detail::kind_of<T>(), typeid(T).name(), is_transposed},
          options)) {}

template <class T, int N>
array<T, N, row_major>::array(std::unique_ptr<detail::array_core> core)
    : core_(std::move(core)),
      node_box_(core_->is_dealt() ? box<N>() : to_static<N>(core_->node_places())),
      node_extents_(node_box_.extents()),
      stored_box_(to_static<N>(core_->stored_places())),
      strides_(row_major_strides(stored_box_.extents())),
      data_(reinterpret_cast<T*>(core_->node_data())),
      first_(core_->is_dealt() ? data_ : part(node_box_).data_handle()),
      is_cyclic_(core_->cut().is_cyclic()),
      is_counted_(core_->is_counted()) {
    std::copy_n(core_->cut().extents().begin(), N, extents_.begin());
}

template <class T, int N>
void array<T, N, row_major>::swap(array& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(extents_, other.extents_);
    std::swap(node_box_, other.node_box_);
    std::swap(node_extents_, other.node_extents_);
    std::swap(stored_box_, other.stored_box_);
    std::swap(strides_, other.strides_);
    std::swap(data_, other.data_);
    std::swap(first_, other.first_);
    std::swap(is_cyclic_, other.is_cyclic_);
    std::swap(is_counted_, other.is_counted_);
}

template <class T, int N>
box<N> array<T, N>::rank_box_of(int rank) const {
    core_->require_boxes("rank_box_of");
    core_->require_rank("rank_box_of", rank);
    return to_static<N>(core_->cut().rank_box(rank));
}

template <class T, int N>
box<N> array<T, N>::node_box_of(int node) const {
    core_->require_boxes("node_box_of");
    core_->require_node("node_box_of", node);
    return to_static<N>(core_->cut().node_box(node));
}

template <class T, int N>
int array<T, N>::owner_node(const indices<N>& at) const {
    core_->require_index("owner_node", at);
    return core_->cut().owner_node(at);
}

template <class T, int N>
box<N> array<T, N>::box_of_peer(int rank) const {
    core_->require_peer("block", rank);
    return to_static<N>(core_->places().rank_box(rank));
}

template <class T, int N>
indices<N> array<T, N>::node_place(const indices<N>& at) const {
    core_->require_index("node_place", at);
    const box<dynamic_rank> holder = core_->places().node_box(core_->cut().owner_node(at));
    const index_list place = core_->cut().place_of(at);
    indices<N> result{};
    for (std::size_t d = 0; d < N; ++d) result[d] = place[d] - holder.lo[d];
    return result;
}

template <class T, int N>
indices<N> array<T, N>::node_index(const indices<N>& place) const {
    return index_in("node_index", core_->node_places(), place);
}

template <class T, int N>
indices<N> array<T, N>::local_index(const indices<N>& place) const {
    return index_in("local_index", core_->rank_places(), place);
}

// The global indices of a place that is counted from the begin of a box of places.
template <class T, int N>
indices<N> array<T, N>::index_in(const char* operation, const box<dynamic_rank>& places,
                                 const indices<N>& place) const {
    index_list at = places.lo;
    for (std::size_t d = 0; d < N; ++d) {
        if (place[d] < 0 || place[d] >= places.hi[d] - places.lo[d])
            core_->refuse_place(operation, place, places);
        at[d] += place[d];
    }
    at = core_->cut().index_of(at);
    indices<N> result{};
    for (std::size_t d = 0; d < N; ++d) result[d] = at[d];
    return result;
}

template <class T, int N>
template <class F>
void array<T, N>::for_each_local_box(F&& f) const {
    const box<dynamic_rank>& mine = core_->rank_places();
    core_->cut().for_each_run(
        mine, [&](const box<dynamic_rank>& places, const box<dynamic_rank>& global) {
            indices<N> place{};
            for (std::size_t d = 0; d < N; ++d) place[d] = places.lo[d] - mine.lo[d];
            f(to_static<N>(global), std::as_const(place));
        });
}

template <class T, int N>
view<T, N> array<T, N>::part(const box<N>& global) const {
    box<N> inside = global;
    for (std::size_t d = 0; d < N; ++d) {
        inside.lo[d] -= stored_box_.lo[d];
        inside.hi[d] -= stored_box_.lo[d];
    }
    return whole().patch(inside);
}

// Whether this node holds the element; `offset` is then its distance from first_.
template <class T, int N>
bool array<T, N>::finds(const indices<N>& at, index_t& offset) const {
    offset = 0;
    for (std::size_t d = 0; d < N; ++d) {
        // Unsigned, so that one comparison tests both ends, and no index overflows.
        const auto inside =
            static_cast<std::uint64_t>(at[d]) - static_cast<std::uint64_t>(node_box_.lo[d]);
        if (inside >= static_cast<std::uint64_t>(node_extents_[d])) return false;
        offset += static_cast<index_t>(inside) * (d + 1 == N ? 1 : strides_[d]);
    }
    return true;
}

// The first element of the patch, if its elements lie one after the other on this node. Null if
// they do not, if calls are counted, or if the process may be ending.
template <class T, int N>
T* array<T, N>::find_run(const box<N>& patch) const {
    if (is_counted_ || !detail::is_surely_live_process()) return nullptr;
    index_t offset = 0;
    bool has_rows = false;
    for (std::size_t d = 0; d < N; ++d) {
        if (patch.lo[d] < node_box_.lo[d] || patch.hi[d] > node_box_.hi[d] ||
            patch.lo[d] >= patch.hi[d])
            return nullptr;
        const index_t extent = patch.hi[d] - patch.lo[d];
        if (has_rows && extent != stored_box_.hi[d] - stored_box_.lo[d]) return nullptr;
        has_rows |= extent > 1;
        offset += (patch.lo[d] - node_box_.lo[d]) * strides_[d];
    }
    return first_ + offset;
}

template <class T, int N>
T& array<T, N>::element(const char* operation, const indices<N>& at) const {
    index_t offset = 0;
    if (!finds(at, offset)) core_->refuse_index(operation, at);
    return first_[offset];
}

template <class T, int N>
T array<T, N>::get(const indices<N>& at) const {
    index_t offset = 0;
    if (finds(at, offset) && detail::is_surely_live_process()) return first_[offset];
    alignas(T) std::byte value[sizeof(T)];
    core_->get_element(at, value);
    return *std::launder(reinterpret_cast<T*>(value));
}

template <class T, int N>
void array<T, N>::put(const indices<N>& at, const T& value) {
    index_t offset = 0;
    if (finds(at, offset) && detail::is_surely_live_process())
        first_[offset] = value;
    else
        core_->put_element(at, &value);
}

// Simple transfers inside this node are done here, before any other way is considered: so small
// transfers take only some nanoseconds.
template <class T, int N>
void array<T, N>::get(const box<N>& from, const detail::buffer<T, N>& to) const {
    const T* const run = to.is_dense(from.size()) ? find_run(from) : nullptr;
    if (run == nullptr) return core_->get(to_dynamic(from), to.memory());
    detail::copy_bytes(bytes(to.data()), bytes(run),
                       static_cast<std::size_t>(from.size()) * sizeof(T));
}

template <class T, int N>
void array<T, N>::put(const box<N>& to, const detail::buffer<const T, N>& from) {
    T* const run = from.is_dense(to.size()) ? find_run(to) : nullptr;
    if (run == nullptr) return core_->put(to_dynamic(to), from.memory());
    detail::copy_bytes(bytes(run), bytes(from.data()),
                       static_cast<std::size_t>(to.size()) * sizeof(T));
}

template <class T, int N>
T array<T, N>::fetch_add(const indices<N>& at, T value) requires detail::addable<T> {
    detail::require_live_process("array::fetch_add");
    if (core_->is_one_node()) {
        core_->claim_atomics();
        return std::atomic_ref<T>(element("fetch_add", at)).fetch_add(value);
    }
    T before{};
    core_->fetch_add(at, &value, &before);
    return before;
}

template <class T, int N>
bool array<T, N>::compare_exchange(const indices<N>& at, T& expected,
                                   T desired) requires(std::atomic_ref<T>::is_always_lock_free) {
    detail::require_live_process("array::compare_exchange");
    if (!core_->is_one_node()) return core_->compare_exchange(at, &expected, &desired);
    core_->claim_atomics();
    return std::atomic_ref<T>(element("compare_exchange", at))
        .compare_exchange_strong(expected, desired);
}

} // namespace nodespan
