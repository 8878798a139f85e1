#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/view.hpp"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace nodespan {

/// A distributed array: array<T, N> is array<T, N, row_major>, below; column_major.hpp has the
/// other order of its elements.
template <class T, int N, class Layout = row_major>
class array;

/// An N-d array over the ranks of a team. Each node's part is one dense row-major block in memory
/// that all its ranks address directly; fences and locks order who looks when.
///
/// T is any trivially copyable type; N is 1 to 6. The memory rule: in an epoch, the time between
/// two fences, an element is written by one rank or read by many; a lock orders accesses inside an
/// epoch. A rank's threads may all use views and elements of their node; see team for calls. Ranks
/// make and end a team's arrays in the same order. Move-only.
template <class T, int N>
class array<T, N, row_major> {
    static_assert(std::is_trivially_copyable_v<T>,
                  "array<T, N>: T must be trivially copyable, since other processes see its bytes");
    static_assert(N >= 1 && N <= max_dimensions, "array<T, N>: N must be 1 to 6");
    static_assert(alignof(T) <= 64, "array<T, N>: blocks are aligned to 64 bytes");

public:
    using value_type = T;

    /// Whether elements have accumulate and scatter_add: numbers, and complex ones.
    static constexpr bool is_number = detail::kind_of<T>() != detail::element_kind::other;

    /// Whether elements have fetch_add: numbers whose atomics are instructions, not library locks,
    /// which would not hold between processes.
    static constexpr bool is_addable = detail::addable<T>;

    /// An array of these extents, zero bytes unless the options say otherwise.
    /// Shape:  extents >= 0; product and bytes below 2^63; elements of at most 2^30 bytes.
    /// Call:   collective over the team, same arguments on all ranks. Ends an epoch.
    /// Errors: errc::no_capacity (with the bytes needed and free), errc::mismatched_arguments,
    ///         errc::invalid_argument, errc::finalized, MPI category (among them: no one-sided
    ///         communication between these nodes): the same on all ranks, which can go on.
    /// Cost:   two meetings of all ranks, and the first touch of new pages by the ranks that own
    ///         them. Now and then a new window. Ending an array is local and waits for nobody but
    ///         the targets of this rank's own transfers since the last fence.
    array(const team& team, const indices<N>& extents, const array_options& options = {});

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

    /// The same of any rank or node.
    /// Errors: errc::out_of_range.
    box<N> rank_box_of(int rank) const;
    box<N> node_box_of(int node) const;

    /// The node that holds an element.
    /// Errors: errc::out_of_range.
    int owner_node(const indices<N>& at) const;

    /// What it was made with; empty_like makes another one so.
    const array_options& options() const noexcept { return core_->options(); }

    team& get_team() noexcept { return core_->get_team(); }
    const team& get_team() const noexcept { return std::as_const(*core_).get_team(); }

    /// The elements of my rank box, plain memory.
    /// Call:   any rank alone.
    /// Epoch:  the memory rule.
    /// Cost:   none but arithmetic.
    view<T, N> local() { return part(rank_box()); }
    view<const T, N> local() const { return part(rank_box()); }

    /// All elements of this node, plain memory; index (0, 0, ...) is node_box().lo.
    view<T, N> node() { return part(node_box_); }
    view<const T, N> node() const { return part(node_box_); }

    /// The elements of a node peer's rank box, plain memory.
    /// Errors: errc::out_of_range, errc::not_on_node.
    view<T, N> block(int rank) { return part(box_of_peer(rank)); }
    view<const T, N> block(int rank) const { return part(box_of_peer(rank)); }

    /// The element at GLOBAL indices (i, j, ...), if this node holds it.
    /// Errors: errc::out_of_range, errc::not_on_node.
    /// Cost:   a compare and a multiply a dimension.
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) T& operator()(I... i) {
        return element("operator()", {static_cast<index_t>(i)...});
    }
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) const T& operator()(I... i) const {
        return element("operator()", {static_cast<index_t>(i)...});
    }

    /// Ends the epoch for all ranks, or for this node's. See team::fence.
    void fence() { core_->fence(); }
    void node_fence() { core_->node_fence(); }

    /// This array's reader/writer lock of a node: what it guards is the program's agreement. It
    /// orders direct access and transfers alike.
    /// Call:   any rank.
    /// Errors: errc::out_of_range.
    nodespan::mutex& mutex(int node) { return core_->lock_of(node); }

    // Transfers: any rank alone, elements of any node, by GLOBAL indices. Boxes need
    // 0 <= lo <= hi <= extents. What a rank sends is visible to others after a fence, or under a
    // lock released afterwards; to itself at once. On its own node a transfer is a copy.

    /// Copies the patch `from` of the array into `to`: a view with the patch's extents, or a
    /// contiguous range of as many elements, row-major.
    /// Epoch:  the memory rule.
    /// Errors: errc::out_of_range, errc::size_mismatch, MPI category; `to` is then unspecified.
    /// Cost:   same node: one copy per run of elements. Otherwise one MPI_Get for each 63 KiB or,
    ///         where that is no faster, one per node touched (per GiB); many at once, with MPI
    ///         datatypes for what is strided. Memory in another order than the array's, or in
    ///         shorter stretches, is copied: 256 KiB at a time, by the _async calls as a whole.
    /// Source: MPI 3.1 section 11.3.2 (MPI_Get), 4.1 (derived datatypes).
    void get(const box<N>& from, const detail::buffer<T, N>& to) const;

    /// Copies `from` into the patch `to` of the array. As get; returns when `from` may be changed:
    /// with up to 1 KiB at once, since small puts are copied and sent together.
    void put(const box<N>& to, const detail::buffer<const T, N>& from);

    /// The same, only started: see request.
    request get_async(const box<N>& from, const detail::buffer<T, N>& to) const {
        return core_->get_async(to_dynamic(from), to.memory());
    }
    request put_async(const box<N>& to, const detail::buffer<const T, N>& from) {
        return core_->put_async(to_dynamic(to), from.memory());
    }

    /// One element.
    /// Errors: errc::out_of_range, MPI category.
    /// Cost:   same node: a load or a store. Otherwise a round trip, or a part of a message.
    T get(const indices<N>& at) const;
    void put(const indices<N>& at, const T& value);

    /// Combines each element of the patch `to` with scale times that of `from`: element = op(
    /// element, scale * from). Numbers and complex numbers (no min and max of these).
    /// Epoch:  each element in one indivisible step: free of the memory rule against other
    ///         accumulate, scatter_add, fetch_add and compare_exchange. Over several nodes MPI
    ///         promises it for one operation at a time (sum, scatter_add and fetch_add are one).
    ///         What MPI does not combine as accumulate_op says is done under a lock of the library,
    ///         and loses nothing among itself: min, max, fmin and fmax of floating-point numbers;
    ///         sums and products of 8- and 16-bit integers, fetch_add and scatter_add too.
    /// Errors: as put; errc::invalid_argument for an operation the elements do not have.
    /// Cost:   one node: at the speed of memory under a lock of the stretch, unless single elements
    ///         were changed atomically before: then an atomic instruction an element. Several
    ///         nodes: MPI_Accumulate, also onto this node; under the library's lock as a mutex of
    ///         the node, a get and a put.
    void accumulate(const box<N>& to, const detail::buffer<const T, N>& from,
                    accumulate_op op = accumulate_op::sum, T scale = T(1)) requires is_number {
        core_->accumulate(to_dynamic(to), from.memory(), op, scale == T(1) ? nullptr : &scale);
    }

    /// Copies the elements at `places` to `to`, or `from` to them; of several values for the same
    /// element the last one stays. scatter_add adds instead, as accumulate does.
    /// Errors: errc::out_of_range, errc::size_mismatch, before anything moves; MPI category.
    /// Cost:   same node: a load or store an element. Otherwise sorting, and one message a node
    ///         for each 65,536 elements or 64 MiB.
    void gather(std::span<const indices<N>> places, std::span<T> to) const;
    void scatter(std::span<const indices<N>> places, std::span<const T> from);
    void scatter_add(std::span<const indices<N>> places,
                     std::span<const T> from) requires is_number {
        if (!add_here(places, from))
            core_->scatter_add(numbers(places), places.size(), bytes(from.data()), from.size());
    }

    /// Adds to the element in one indivisible step; returns the value it had.
    /// Epoch:  as accumulate.
    /// Errors: errc::out_of_range, MPI category.
    /// Cost:   one node: one atomic instruction (a loop of them for floating types). Several nodes:
    ///         a round trip, also for this node's elements (MPI_Fetch_and_op).
    T fetch_add(const indices<N>& at, T value) requires detail::addable<T>;

    /// Writes `desired` if the element equals `expected`, bit by bit, in one indivisible step;
    /// returns whether it did, and the value found in `expected`. As fetch_add.
    /// Errors: also errc::invalid_argument for elements of more than 8 bytes over several nodes,
    ///         which MPI cannot exchange; on one node a compiler may have what it takes.
    bool compare_exchange(const indices<N>& at, T& expected,
                          T desired) requires(std::atomic_ref<T>::is_always_lock_free);

    // Ghosts: copies of neighbours' elements around the node box, as array_options::ghosts says.
    // Those outside of the array, where it is not periodic, belong to the program.

    /// The indices of this node's box with its ghosts, and its elements: index (0, 0, ...) is the
    /// first ghost. Empty node boxes have none.
    const box<N>& node_box_with_ghosts() const noexcept { return stored_box_; }
    view<T, N> node_with_ghosts() { return whole(); }
    view<const T, N> node_with_ghosts() const { return whole(); }

    /// My rank box grown by the ghosts' width: what lies beyond it are a node peer's own elements,
    /// or ghosts. Empty if my box is.
    view<T, N> local_with_ghosts() { return part(grown(rank_box())); }
    view<const T, N> local_with_ghosts() const { return part(grown(rank_box())); }

    /// Ends the epoch of this node and brings its ghosts up to date, corners included.
    /// Call:   collective over the team. Between start and finish leave the elements within the
    ///         ghosts' width of a node's edge unwritten and the ghosts alone.
    /// Epoch:  afterwards ghosts hold what neighbours had at their start, and what this node wrote
    ///         is visible on it. Not a fence for transfers, nor for nodes that are no neighbours.
    /// Errors: errc::invalid_argument (two starts), errc::peer_lost, MPI category.
    /// Cost:   inside a node nothing: a node_fence. Otherwise a message for each pair of nodes that
    ///         touch, and for each piece from 64 KiB on; with those, or in two steps, a second
    ///         fence.
    void exchange_ghosts() { core_->exchange_ghosts(); }
    void start_exchange_ghosts() { core_->start_ghosts(); }
    void finish_exchange_ghosts() { core_->finish_ghosts(); }

private:
    friend class array<T, N, column_major>;
    friend struct detail::access;
    detail::array_core& core() noexcept { return *core_; }
    const detail::array_core& core() const noexcept { return *core_; }
    array(const team& team, const indices<N>& extents, const array_options& options,
          bool is_transposed);

    view<T, N> whole() const { return {data_, stored_box_.extents(), strides_}; }
    view<T, N> part(const box<N>& global) const;
    box<N> grown(const box<N>& mine) const;
    box<N> box_of_peer(int rank) const;
    bool finds(const indices<N>& at, index_t& offset) const;
    T* find_run(const box<N>& patch) const;
    bool holds(std::span<const indices<N>> places) const;
    T& held(const indices<N>& at) const;
    bool add_here(std::span<const indices<N>> places, std::span<const T> from);
    T& element(const char* operation, const indices<N>& at) const;

    static const index_t* numbers(std::span<const indices<N>> places) {
        return reinterpret_cast<const index_t*>(places.data());
    }
    static std::byte* bytes(T* elements) { return reinterpret_cast<std::byte*>(elements); }
    static const std::byte* bytes(const T* elements) {
        return reinterpret_cast<const std::byte*>(elements);
    }

    std::unique_ptr<detail::array_core> core_; // stays in place when the array is moved
    indices<N> extents_;
    box<N> node_box_;
    indices<N> node_extents_;
    box<N> stored_box_; // the node box with its ghosts, dense in memory
    indices<N> strides_;
    T* data_;
    T* first_;        // the element at node_box_.lo
    bool is_counted_; // for a usage report: whole patches and lists go by way of core_
};

} // namespace nodespan

#include "nodespan/detail/array_inline.hpp"
