#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/view.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace nodespan {

/// An N-d array over the ranks of a team. Each node's part is one dense row-major block in memory
/// that all its ranks address directly; fences and locks order who looks when.
///
/// T is any trivially copyable type; N is 1 to 6. The memory rule: in an epoch, the time between
/// two fences, an element is written by one rank or read by many; a lock orders accesses inside an
/// epoch. Ranks make and end a team's arrays in the same order. Move-only.
template <class T, int N>
class array {
    static_assert(std::is_trivially_copyable_v<T>,
                  "array<T, N>: T must be trivially copyable, since other processes see its bytes");
    static_assert(N >= 1 && N <= max_dimensions, "array<T, N>: N must be 1 to 6");
    static_assert(alignof(T) <= 64, "array<T, N>: blocks are aligned to 64 bytes");

public:
    using value_type = T;

    /// Whether elements have fetch_add: numbers whose atomics are instructions, not library locks,
    /// which would not hold between processes.
    static constexpr bool is_addable = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> &&
                                       std::atomic_ref<T>::is_always_lock_free;

    /// An array of these extents, zero bytes unless the options say otherwise.
    /// Shape:  extents >= 0; product and bytes below 2^63.
    /// Call:   collective over the team, same arguments on all ranks. Ends an epoch.
    /// Errors: errc::no_capacity (with the bytes needed and free), errc::mismatched_arguments,
    ///         errc::invalid_argument, errc::finalized, MPI category: the same on all ranks, which
    ///         can go on and make a smaller one.
    /// Cost:   two meetings of all ranks, and the first touch of new pages by the ranks that own
    ///         them. Now and then a new window. Ending an array is local and waits for nobody.
    array(team& team, const indices<N>& extents, const array_options& options = {});

    array(array&&) noexcept = default;
    array& operator=(array&&) noexcept = default;
    array(const array&) = delete;            // copy elements through views: two arrays, one epoch
    array& operator=(const array&) = delete; // copy elements through views: two arrays, one epoch
    ~array() = default;

    const indices<N>& extents() const noexcept { return extents_; }
    index_t extent(int d) const noexcept { return extents_[static_cast<std::size_t>(d)]; }
    index_t size() const noexcept { return box<N>{{}, extents_}.size(); }

    /// The indices of my share, and of all this node holds.
    box<N> rank_box() const { return to_static<N>(core_->rank_box()); }
    const box<N>& node_box() const noexcept { return node_box_; }

    /// The same of any rank or node. Errors: errc::out_of_range.
    box<N> rank_box_of(int rank) const;
    box<N> node_box_of(int node) const;

    /// The node that holds an element. Errors: errc::out_of_range.
    int owner_node(const indices<N>& at) const;

    team& get_team() noexcept { return core_->get_team(); }
    const team& get_team() const noexcept { return std::as_const(*core_).get_team(); }

    /// The elements of my rank box, plain memory.
    /// Call: any rank alone. Epoch: the memory rule. Cost: none but arithmetic.
    view<T, N> local() { return part(rank_box()); }
    view<const T, N> local() const { return part(rank_box()); }

    /// All elements of this node, plain memory; index (0, 0, ...) is node_box().lo.
    view<T, N> node() { return whole(); }
    view<const T, N> node() const { return whole(); }

    /// The elements of a node peer's rank box, plain memory.
    /// Errors: errc::out_of_range, errc::not_on_node.
    view<T, N> block(int rank) { return part(box_of_peer(rank)); }
    view<const T, N> block(int rank) const { return part(box_of_peer(rank)); }

    /// The element at GLOBAL indices (i, j, ...), if this node holds it.
    /// Errors: errc::out_of_range, errc::not_on_node. Cost: a compare and a multiply a dimension.
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) T& operator()(I... i) {
        return element("operator()", {static_cast<index_t>(i)...});
    }
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) const T& operator()(I... i) const {
        return element("operator()", {static_cast<index_t>(i)...});
    }

    /// Ends the epoch for all ranks, or for this node's. See team::fence.
    void fence() { core_->get_team().fence(); }
    void node_fence() { core_->get_team().node_fence(); }

    /// This array's reader/writer lock of a node: what it guards is the program's agreement.
    /// Call:   ranks of that node. Errors: errc::out_of_range, errc::not_on_node.
    nodespan::mutex& mutex(int node) { return core_->lock_of(node); }

    /// Adds to the on-node element at GLOBAL index `at` in one indivisible step; returns the value
    /// it had.
    /// Call:   any rank of the element's node. Errors: errc::out_of_range, errc::not_on_node.
    /// Epoch:  free of the memory rule against other fetch_add and compare_exchange.
    /// Cost:   one atomic instruction (a loop of them for floating types).
    T fetch_add(const indices<N>& at, T value) requires is_addable {
        return std::atomic_ref<T>(element("fetch_add", at)).fetch_add(value);
    }

    /// Writes `desired` if the on-node element at GLOBAL index `at` equals `expected`, in one
    /// indivisible step; returns whether it did, and the value found in `expected`.
    bool compare_exchange(const indices<N>& at, T& expected,
                          T desired) requires(std::atomic_ref<T>::is_always_lock_free) {
        return std::atomic_ref<T>(element("compare_exchange", at))
            .compare_exchange_strong(expected, desired);
    }

    /// The run-time half; for nodespan's own layers.
    const detail::array_core& core() const noexcept { return *core_; }

private:
    view<T, N> whole() const { return {data_, node_extents_, strides_}; }
    view<T, N> part(const box<N>& global) const;
    box<N> box_of_peer(int rank) const;
    T& element(const char* operation, const indices<N>& at) const;

    std::unique_ptr<detail::array_core> core_; // stays in place when the array is moved
    indices<N> extents_;
    box<N> node_box_;
    indices<N> node_extents_;
    indices<N> strides_;
    T* data_;
};

template <class T, int N>
array<T, N>::array(team& team, const indices<N>& extents, const array_options& options)
    : core_(std::make_unique<detail::array_core>(team, extents, sizeof(T), typeid(T).name(),
                                                 options)),
      extents_(extents),
      node_box_(to_static<N>(core_->node_box())),
      node_extents_(node_box_.extents()),
      strides_(row_major_strides(node_extents_)),
      data_(reinterpret_cast<T*>(core_->node_data())) {}

template <class T, int N>
box<N> array<T, N>::rank_box_of(int rank) const {
    core_->require_rank("rank_box_of", rank);
    return to_static<N>(core_->cut().rank_box(rank));
}

template <class T, int N>
box<N> array<T, N>::node_box_of(int node) const {
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
    return to_static<N>(core_->cut().rank_box(rank));
}

template <class T, int N>
view<T, N> array<T, N>::part(const box<N>& global) const {
    box<N> inside = global;
    for (std::size_t d = 0; d < N; ++d) {
        inside.lo[d] -= node_box_.lo[d];
        inside.hi[d] -= node_box_.lo[d];
    }
    return whole().patch(inside);
}

template <class T, int N>
T& array<T, N>::element(const char* operation, const indices<N>& at) const {
    index_t offset = 0;
    for (std::size_t d = 0; d < N; ++d) {
        // Unsigned, so that one compare finds both ends, and no index overflows.
        const auto inside =
            static_cast<std::uint64_t>(at[d]) - static_cast<std::uint64_t>(node_box_.lo[d]);
        if (inside >= static_cast<std::uint64_t>(node_extents_[d]))
            core_->refuse_index(operation, at);
        offset += static_cast<index_t>(inside) * (d + 1 == N ? 1 : strides_[d]);
    }
    return data_[offset];
}

} // namespace nodespan
