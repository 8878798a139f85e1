#pragma once

#include "nodespan/array_ghosts.hpp"
#include "nodespan/array_lists.hpp"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/view.hpp"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace nodespan {

/// A distributed array: array<T, N> means array<T, N, row_major>, declared below. column_major.hpp
/// has the array with the other order.
template <class T, int N, class Layout = row_major>
class array;

/// An N-d array over the ranks of a team. Each node's part is one dense row-major block in memory
/// that all its ranks address directly. Fences and locks order accesses.
///
/// T is any trivially copyable type; N is 1 to 6. The memory rule: in an epoch, the time between
/// two fences, an element is written by one rank or read by many; a lock orders accesses inside an
/// epoch. All threads of a rank may use views and elements of their node; for calls see team. Ranks
/// make and end a team's arrays in the same order. Move-only.
template <class T, int N>
class array<T, N, row_major> : public array_lists<array<T, N, row_major>, T, N>,
                               public array_ghosts<array<T, N, row_major>, T, N> {
    static_assert(std::is_trivially_copyable_v<T>,
                  "array<T, N>: T must be trivially copyable, since other processes see its bytes");
    static_assert(N >= 1 && N <= max_dimensions, "array<T, N>: N must be 1 to 6");
    static_assert(alignof(T) <= 64, "array<T, N>: blocks are aligned to 64 bytes");

public:
    using value_type = T;

    /// Whether elements have accumulate and scatter_add: numbers, complex ones included.
    static constexpr bool is_number = detail::kind_of<T>() != detail::element_kind::other;

    /// Whether elements have fetch_add: numbers with atomic instructions. Locks inside a compiler's
    /// library would not work between processes.
    static constexpr bool is_addable = detail::addable<T>;

    /// Makes an array of these extents. Elements are zero bytes unless the options say otherwise.
    /// Shape:  extents >= 0; product and bytes below 2^63; elements of at most 2^30 bytes.
    /// Call:   collective over the team, same arguments on all ranks. Ends an epoch.
    /// Errors: errc::no_capacity (with the bytes needed and free), errc::mismatched_arguments,
    ///         errc::invalid_argument, errc::finalized, MPI category (for example, no one-sided
    ///         communication between these nodes): the same on all ranks, which can go on.
    /// Cost:   two meetings of all ranks, and the first touch of new pages by the ranks that own
    ///         them; sometimes a new window. Ending an array is local and waits for nobody but the
    ///         targets of this rank's own transfers since the last fence.
    array(const team& team, const indices<N>& extents, const array_options& options = {});

    /// Afterwards the other one has no elements, and its calls throw errc::invalid_argument.
    array(array&& other) noexcept : array() { swap(other); }
    array& operator=(array&& other) noexcept {
        array taken(std::move(other));
        swap(taken);
        return *this;
    }
    array(const array&) = delete;            // copy elements through views: two arrays, one epoch
    array& operator=(const array&) = delete; // copy elements through views: two arrays, one epoch
    ~array() = default;

    [[nodiscard]] const indices<N>& extents() const noexcept { return extents_; }
    [[nodiscard]] index_t extent(int d) const noexcept {
        return extents_[static_cast<std::size_t>(d)];
    }
    [[nodiscard]] index_t size() const noexcept { return box<N>{{}, extents_}.size(); }

    /// The indices of my share, and of all elements that this node holds.
    /// Errors: errc::invalid_argument where the array is block-cyclic; so do the next two.
    [[nodiscard]] box<N> rank_box() const { return to_static<N>(core_->rank_box()); }
    [[nodiscard]] const box<N>& node_box() const {
        if (is_cyclic_) [[unlikely]]
            core_->require_boxes("node_box");
        return node_box_;
    }

    /// The same for any rank or node.
    /// Errors: errc::out_of_range.
    [[nodiscard]] box<N> rank_box_of(int rank) const;
    [[nodiscard]] box<N> node_box_of(int node) const;

    /// The node that holds an element.
    /// Errors: errc::out_of_range.
    [[nodiscard]] int owner_node(const indices<N>& at) const;

    /// Whether the array is block-cyclic: distribution_options::block.
    [[nodiscard]] bool is_cyclic() const noexcept { return is_cyclic_; }

    /// Where an element is in the node() of its owner. Where node boxes are boxes of indices, that
    /// is at - node_box_of(owner_node(at)).lo.
    /// Errors: errc::out_of_range.
    /// Cost:   O(N), as the next two.
    [[nodiscard]] indices<N> node_place(const indices<N>& at) const;

    /// The GLOBAL indices of the element at a place of this node's node(), or of my local().
    /// Errors: errc::out_of_range.
    [[nodiscard]] indices<N> node_index(const indices<N>& place) const;
    [[nodiscard]] indices<N> local_index(const indices<N>& place) const;

    /// Calls f(indices, place) for boxes of GLOBAL indices that are mine, and where each begins in
    /// local(): one box, or one for each block of a block-cyclic array. No call where I have no
    /// elements.
    template <class F>
    void for_each_local_box(F&& f) const;

    /// The options with which the array was made; empty_like makes another array with the same
    /// ones.
    [[nodiscard]] const array_options& options() const { return core_->options(); }

    [[nodiscard]] team& get_team() { return core_->get_team(); }
    [[nodiscard]] const team& get_team() const { return std::as_const(*core_).get_team(); }

    /// The elements of my rank box, as plain memory.
    /// Call:   any rank alone.
    /// Epoch:  the memory rule.
    /// Cost:   only arithmetic.
    [[nodiscard]] view<T, N> local() { return part(to_static<N>(core_->rank_places())); }
    [[nodiscard]] view<const T, N> local() const {
        return part(to_static<N>(core_->rank_places()));
    }

    /// All elements of this node, as plain memory; index (0, 0, ...) is node_box().lo.
    /// Block-cyclic, the node's blocks lie here packed: node_place and node_index say where.
    [[nodiscard]] view<T, N> node() { return is_cyclic_ ? whole() : part(node_box_); }
    [[nodiscard]] view<const T, N> node() const { return is_cyclic_ ? whole() : part(node_box_); }

    /// The elements of the rank box of another rank of this node, as plain memory.
    /// Errors: errc::out_of_range, errc::not_on_node.
    [[nodiscard]] view<T, N> block(int rank) { return part(box_of_peer(rank)); }
    [[nodiscard]] view<const T, N> block(int rank) const { return part(box_of_peer(rank)); }

    /// The element at GLOBAL indices (i, j, ...), if this node holds it.
    /// Errors: errc::out_of_range, errc::not_on_node (also for block-cyclic arrays over several
    ///         nodes).
    /// Cost:   a comparison and a multiplication for each dimension.
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) T& operator()(I... i) {
        return element("operator()", {static_cast<index_t>(i)...});
    }
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) const T& operator()(I... i) const {
        return element("operator()", {static_cast<index_t>(i)...});
    }

    /// Ends the epoch for all ranks, or only for those of this node. See team::fence.
    void fence() { core_->fence(); }
    void node_fence() { core_->node_fence(); }

    /// The array's reader/writer lock of a node. The program decides what it guards. It orders
    /// direct accesses and transfers alike.
    /// Call:   any rank.
    /// Errors: errc::out_of_range.
    [[nodiscard]] nodespan::mutex& mutex(int node) { return core_->lock_of(node); }

    // Transfers: any rank alone, elements of any node, by GLOBAL indices; lists of them:
    // array_lists. Boxes need 0 <= lo <= hi
    // <= extents. Other ranks see what a rank sends after a fence, or under a lock that is released
    // afterwards; the rank itself sees it at once. On the own node a transfer is a copy.

    /// Copies the patch `from` of the array into `to`, which is a view with the patch's extents, or
    /// a contiguous range of as many elements, row-major.
    /// Epoch:  the memory rule.
    /// Errors: errc::out_of_range, errc::size_mismatch, MPI category; `to` is then unspecified.
    /// Cost:   same node: one copy per run of elements. Otherwise one MPI_Get for each 63 KiB or,
    ///         where that is no faster, one per node touched (per GiB); many are under way at once.
    ///         Strided elements use MPI datatypes. If the memory has another order than the array,
    ///         or shorter stretches, its elements are copied: 256 KiB at a time, or all at once by
    ///         the _async calls.
    /// Source: MPI 3.1 section 11.3.2 (MPI_Get), 4.1 (derived datatypes).
    void get(const box<N>& from, const detail::buffer<T, N>& to) const;

    /// Copies `from` into the patch `to` of the array. As get; returns when `from` may be changed.
    /// For up to 1 KiB that is at once, since small puts are copied and sent together.
    void put(const box<N>& to, const detail::buffer<const T, N>& from);

    /// The same of every step-th element: {lo, hi, step}.
    /// Shape:  step >= 1; the buffer has from.extents().
    /// Errors: also errc::invalid_argument (step).
    /// Cost:   as get and put; between nodes still one message for each node touched.
    void get(const strided_box<N>& from, const detail::buffer<T, N>& to) const {
        core_->get({from.lo, from.hi}, from.step, to.memory());
    }
    void put(const strided_box<N>& to, const detail::buffer<const T, N>& from) {
        core_->put({to.lo, to.hi}, to.step, from.memory());
    }

    /// The same, only started: see request, whose program keeps the memory. So a temporary, such as
    /// a vector that a function returns, does not compile.
    request get_async(const box<N>& from, const detail::lasting_buffer<T, N>& to) const {
        return core_->get_async(to_dynamic(from), to.memory());
    }
    request put_async(const box<N>& to, const detail::lasting_buffer<const T, N>& from) {
        return core_->put_async(to_dynamic(to), from.memory());
    }

    /// Reads or writes one element.
    /// Errors: errc::out_of_range, MPI category.
    /// Cost:   same node: a load or a store. Otherwise a round trip for get, and a part of a
    ///         message for put.
    [[nodiscard]] T get(const indices<N>& at) const;
    void put(const indices<N>& at, const T& value);

    /// Combines each element of the patch `to` with scale times the element of `from`: element =
    /// op(element, scale * from). For numbers and complex numbers; these have no min and max.
    /// Epoch:  each element changes in one indivisible step, so other accumulate, scatter_add,
    ///         fetch_add and compare_exchange calls may change it in the same epoch. Over several
    ///         nodes MPI promises this for one operation at a time (sum, scatter_add and fetch_add
    ///         count as one). The library uses a lock of its own for operations that MPI does not
    ///         do as accumulate_op says: min, max, fmin and fmax of floating-point numbers; sums
    ///         and products of 8- and 16-bit integers, fetch_add and scatter_add too. Among these
    ///         nothing is lost.
    /// Errors: as put; errc::invalid_argument for an operation that the elements do not have.
    /// Cost:   one node: the speed of memory, under a lock of the stretch; once single elements
    ///         have been changed atomically, an atomic instruction for each element. Several nodes:
    ///         MPI_Accumulate, also for this node's elements; with the library's lock, as much as a
    ///         mutex of the node, a get and a put.
    void accumulate(const box<N>& to, const detail::buffer<const T, N>& from,
                    accumulate_op op = accumulate_op::sum, T scale = T(1)) requires is_number {
        core_->accumulate(to_dynamic(to), from.memory(), op, scale == T(1) ? nullptr : &scale);
    }

    /// Adds to the element in one indivisible step; returns the value it had before.
    /// Epoch:  as accumulate.
    /// Errors: errc::out_of_range, MPI category.
    /// Cost:   one node: one atomic instruction (a loop of them for floating types). Several nodes:
    ///         a round trip, also for this node's elements (MPI_Fetch_and_op).
    T fetch_add(const indices<N>& at, T value) requires detail::addable<T>;

    /// Writes `desired` if the element equals `expected`, bit by bit, in one indivisible step.
    /// Returns whether it did, and writes the value that it found to `expected`. As fetch_add.
    /// Errors: also errc::invalid_argument for elements of more than 8 bytes over several nodes,
    ///         which MPI cannot exchange; on one node some compilers can.
    bool compare_exchange(const indices<N>& at, T& expected,
                          T desired) requires(std::atomic_ref<T>::is_always_lock_free);

private:
    friend class array<T, N, column_major>;
    friend class array_lists<array, T, N>;
    friend class array_ghosts<array, T, N>;
    friend struct detail::access;
    detail::array_core& core() { return *core_; }
    const detail::array_core& core() const { return *core_; }
    array() = default; // as if moved from
    void swap(array& other) noexcept;
    array(const team& team, const indices<N>& extents, const array_options& options,
          bool is_transposed);
    explicit array(std::unique_ptr<detail::array_core> core);

    view<T, N> whole() const {
        static_cast<void>(*core_); // throws where it has been moved from
        return {data_, stored_box_.extents(), strides_};
    }
    view<T, N> part(const box<N>& global) const;
    indices<N> index_in(const char* operation, const box<dynamic_rank>& places,
                        const indices<N>& place) const;
    box<N> box_of_peer(int rank) const;
    bool finds(const indices<N>& at, index_t& offset) const;
    T* find_run(const box<N>& patch) const;
    T& element(const char* operation, const indices<N>& at) const;

    static std::byte* bytes(T* elements) { return reinterpret_cast<std::byte*>(elements); }
    static const std::byte* bytes(const T* elements) {
        return reinterpret_cast<const std::byte*>(elements);
    }

    detail::owned<detail::array_core> core_;
    indices<N> extents_;
    box<N> node_box_; // empty where places are no indices: then all calls go by way of core_
    indices<N> node_extents_;
    box<N> stored_box_; // the node box with its ghosts, dense in memory
    indices<N> strides_;
    T* data_ = nullptr;
    T* first_ = nullptr; // the element at node_box_.lo
    bool is_cyclic_ = false;
    bool is_counted_ = false; // for a usage report: whole patches and lists go by way of core_
};

} // namespace nodespan

#include "nodespan/detail/array_inline.hpp"
