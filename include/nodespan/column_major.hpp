#pragma once

#include "nodespan/array.hpp"
#include "nodespan/scalapack.hpp"

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <utility>

namespace nodespan {
namespace detail {

/// The options of an array whose indices are taken in reverse order.
inline array_options transposed(array_options options) {
    const auto reverse = [](auto& entries) { std::reverse(entries.begin(), entries.end()); };
    reverse(options.distribution.node_grid);
    reverse(options.distribution.rank_grid);
    reverse(options.distribution.cuts);
    reverse(options.distribution.block);
    reverse(options.ghosts.width);
    reverse(options.ghosts.periodic);
    return options;
}

} // namespace detail

/// An N-d array whose first index runs fastest in memory, as in Fortran, MATLAB and R. Each node's
/// part is one dense column-major block.
///
/// It contains a row-major array with the indices in reverse order, which `transposed()` returns:
/// a(i, j) and a.transposed()(j, i) are the same element. So all functions for arrays work for this
/// one too, at the same cost: sum(a.transposed()). An HDF5 file of the transposed array is what
/// Fortran and MATLAB programs write and read. `copy` to a row-major array keeps the indices and
/// changes the order in memory.
///
/// Its members are those of array, which describes them. Unless the options say otherwise, the
/// array is cut along the last dimension, so that a rank has whole columns, one after the other.
template <class T, int N>
class array<T, N, column_major> {
public:
    using value_type = T;
    static constexpr bool is_number = array<T, N>::is_number;
    static constexpr bool is_addable = array<T, N>::is_addable;

    /// Options name dimensions in the order of this array. See the constructor of array.
    array(const team& team, const indices<N>& extents, const array_options& options = {})
        : elements_(team, reversed(extents), detail::transposed(options), true) {}

    /// The same elements with the indices in reverse order. Valid as long as this array.
    [[nodiscard]] array<T, N>& transposed() noexcept { return elements_; }
    [[nodiscard]] const array<T, N>& transposed() const noexcept { return elements_; }

    [[nodiscard]] indices<N> extents() const noexcept { return reversed(elements_.extents()); }
    [[nodiscard]] index_t extent(int d) const noexcept { return elements_.extent(N - 1 - d); }
    [[nodiscard]] index_t size() const noexcept { return elements_.size(); }
    [[nodiscard]] box<N> rank_box() const { return nodespan::transposed(elements_.rank_box()); }
    [[nodiscard]] box<N> node_box() const { return nodespan::transposed(elements_.node_box()); }
    [[nodiscard]] box<N> rank_box_of(int rank) const {
        return nodespan::transposed(elements_.rank_box_of(rank));
    }
    [[nodiscard]] box<N> node_box_of(int node) const {
        return nodespan::transposed(elements_.node_box_of(node));
    }
    [[nodiscard]] int owner_node(const indices<N>& at) const {
        return elements_.owner_node(reversed(at));
    }
    [[nodiscard]] bool is_cyclic() const noexcept { return elements_.is_cyclic(); }
    [[nodiscard]] indices<N> node_place(const indices<N>& at) const {
        return reversed(elements_.node_place(reversed(at)));
    }
    [[nodiscard]] indices<N> node_index(const indices<N>& place) const {
        return reversed(elements_.node_index(reversed(place)));
    }
    [[nodiscard]] indices<N> local_index(const indices<N>& place) const {
        return reversed(elements_.local_index(reversed(place)));
    }
    template <class F>
    void for_each_local_box(F&& f) const {
        elements_.for_each_local_box([&f](const box<N>& global, const indices<N>& place) {
            f(nodespan::transposed(global), reversed(place));
        });
    }
    /// This rank's blocks as ScaLAPACK takes them, where they lie. Needs block-cyclic dimensions
    /// and one rank a node; scalapack.hpp says how to make the context.
    /// Call:   any rank alone. ScaLAPACK's own calls read and write the elements of their rank, so
    ///         they need fences before and after, as plain loads and stores do.
    /// Errors: errc::invalid_argument: the same on all ranks.
    /// Cost:   only arithmetic.
    [[nodiscard]] scalapack_matrix<T> scalapack(int context = 0) requires(N == 2) {
        const auto found = detail::describe_for_scalapack(elements_.core(), context);
        return {found.descriptor, static_cast<T*>(found.data), found.grid_rows, found.grid_columns};
    }
    [[nodiscard]] array_options options() const { return detail::transposed(elements_.options()); }
    [[nodiscard]] team& get_team() { return elements_.get_team(); }
    [[nodiscard]] const team& get_team() const { return elements_.get_team(); }

    [[nodiscard]] view<T, N, column_major> local() { return elements_.local().transposed(); }
    [[nodiscard]] view<const T, N, column_major> local() const {
        return elements_.local().transposed();
    }
    [[nodiscard]] view<T, N, column_major> node() { return elements_.node().transposed(); }
    [[nodiscard]] view<const T, N, column_major> node() const {
        return elements_.node().transposed();
    }
    [[nodiscard]] view<T, N, column_major> block(int rank) {
        return elements_.block(rank).transposed();
    }
    [[nodiscard]] view<const T, N, column_major> block(int rank) const {
        return elements_.block(rank).transposed();
    }

    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) T& operator()(I... i) { return at(elements_, i...); }
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) const T& operator()(I... i) const { return at(elements_, i...); }

    void fence() { elements_.fence(); }
    void node_fence() { elements_.node_fence(); }
    [[nodiscard]] nodespan::mutex& mutex(int node) { return elements_.mutex(node); }

    // Contiguous buffers are column-major here; views may have any layout.
    void get(const box<N>& from, const detail::buffer<T, N>& to) const {
        elements_.get(nodespan::transposed(from), to.transposed());
    }
    void put(const box<N>& to, const detail::buffer<const T, N>& from) {
        elements_.put(nodespan::transposed(to), from.transposed());
    }
    void get(const strided_box<N>& from, const detail::buffer<T, N>& to) const {
        elements_.get(turned(from), to.transposed());
    }
    void put(const strided_box<N>& to, const detail::buffer<const T, N>& from) {
        elements_.put(turned(to), from.transposed());
    }
    request get_async(const box<N>& from, const detail::lasting_buffer<T, N>& to) const {
        return elements_.get_async(nodespan::transposed(from), to.transposed());
    }
    request put_async(const box<N>& to, const detail::lasting_buffer<const T, N>& from) {
        return elements_.put_async(nodespan::transposed(to), from.transposed());
    }
    [[nodiscard]] T get(const indices<N>& at) const { return elements_.get(reversed(at)); }
    void put(const indices<N>& at, const T& value) { elements_.put(reversed(at), value); }

    void accumulate(const box<N>& to, const detail::buffer<const T, N>& from,
                    accumulate_op op = accumulate_op::sum, T scale = T(1)) requires is_number {
        elements_.accumulate(nodespan::transposed(to), from.transposed(), op, scale);
    }
    T fetch_add(const indices<N>& at, T value) requires detail::addable<T> {
        return elements_.fetch_add(reversed(at), value);
    }
    bool compare_exchange(const indices<N>& at, T& expected,
                          T desired) requires(std::atomic_ref<T>::is_always_lock_free) {
        return elements_.compare_exchange(reversed(at), expected, desired);
    }

    [[nodiscard]] box<N> node_box_with_ghosts() const {
        return nodespan::transposed(elements_.node_box_with_ghosts());
    }
    [[nodiscard]] view<T, N, column_major> node_with_ghosts() {
        return elements_.node_with_ghosts().transposed();
    }
    [[nodiscard]] view<T, N, column_major> local_with_ghosts() {
        return elements_.local_with_ghosts().transposed();
    }
    void exchange_ghosts() { elements_.exchange_ghosts(); }
    void start_exchange_ghosts() { elements_.start_exchange_ghosts(); }
    void finish_exchange_ghosts() { elements_.finish_exchange_ghosts(); }

private:
    static strided_box<N> turned(const strided_box<N>& b) {
        return {reversed(b.lo), reversed(b.hi), reversed(b.step)};
    }

    // The element at indices (i, j, ...) of a row-major array with reversed ones.
    template <class Array, class... I>
    static auto& at(Array& elements, I... i) {
        const indices<N> reverse = reversed(indices<N>{static_cast<index_t>(i)...});
        return [&]<std::size_t... D>(std::index_sequence<D...>)->auto& {
            return elements(reverse[D]...);
        }
        (std::make_index_sequence<std::size_t{N}>());
    }

    array<T, N> elements_;
};

namespace detail {

/// The run-time half of an array of any order, and a box in its order of dimensions.
template <class T, int N>
array_core& core_of(array<T, N>& field) {
    return access::core(field);
}
template <class T, int N>
const array_core& core_of(const array<T, N>& field) {
    return access::core(field);
}
template <class T, int N>
array_core& core_of(array<T, N, column_major>& field) {
    return access::core(field.transposed());
}
template <class T, int N>
const array_core& core_of(const array<T, N, column_major>& field) {
    return access::core(field.transposed());
}
template <class Layout, int N>
box<dynamic_rank> in_core_order(const box<N>& patch) {
    return to_dynamic(std::same_as<Layout, column_major> ? transposed(patch) : patch);
}

} // namespace detail
} // namespace nodespan
