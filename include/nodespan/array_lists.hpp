#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/detail/inside.hpp"
#include "nodespan/detail/process_state.hpp"
#include "nodespan/indices.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nodespan {

/// The transfers of an array by lists of places, which are GLOBAL indices in any order: a base of
/// array.
template <class Array, class T, int N>
class array_lists {
    static constexpr bool is_number = detail::kind_of<T>() != detail::element_kind::other;

public:
    /// Copies the elements at `places` to `to`, or `from` to the elements. If several values go to
    /// the same element, the last one stays. scatter_add adds the values, as accumulate does.
    /// Call:   any rank alone.
    /// Errors: errc::out_of_range, errc::size_mismatch, before any element is copied; MPI category.
    /// Cost:   same node: a load or store for each element. Otherwise sorting, and one message to a
    ///         node for each 65,536 elements or 64 MiB.
    void gather(std::span<const indices<N>> places, std::span<T> to) const {
        if (places.size() != to.size() || !holds(places))
            return core().gather(numbers(places), places.size(), bytes(to.data()), to.size());
        for_each_held(places,
                      [out = to.data()](const T& element, std::size_t i) { out[i] = element; });
    }
    void scatter(std::span<const indices<N>> places, std::span<const T> from) {
        if (places.size() != from.size() || !holds(places))
            return core().scatter(numbers(places), places.size(), bytes(from.data()), from.size());
        for_each_held(places, [in = from.data()](T& element, std::size_t i) { element = in[i]; });
    }
    void scatter_add(std::span<const indices<N>> places,
                     std::span<const T> from) requires is_number {
        if (places.size() != from.size() ||
            !add_here(places, [in = from.data()](std::size_t i) { return in[i]; }))
            core().scatter_add(numbers(places), places.size(), bytes(from.data()), from.size());
    }

    /// The same of one value for all places: counts of a histogram.
    /// Cost:   as above; where the elements are not all on this node, memory for as many values.
    void scatter_add(std::span<const indices<N>> places, const T& value) requires is_number {
        if (add_here(places, [value](std::size_t) { return value; })) return;
        const std::vector<T> values(places.size(), value);
        core().scatter_add(numbers(places), places.size(), bytes(values.data()), values.size());
    }

    /// The same of lists that all ranks have, each its own, none too. Over nodes this is much
    /// faster than calls of each rank alone.
    ///
    /// Values reach an element in a fixed order: ranks take turns of 8 MiB of their lists, where an
    /// element takes 8 bytes and its own, 4 at least; in a turn rank 0 comes first, and a list goes
    /// from its begin to its end. The last value stays, and sums have the same bits in every run,
    /// whatever the nodes.
    /// Call:   collective over the team.
    /// Epoch:  ends one when it begins and one when it returns.
    /// Errors: errc::out_of_range and errc::size_mismatch of any rank, errc::no_capacity,
    ///         errc::mismatched_arguments (another array on another rank): on all ranks, before any
    ///         element is copied. errc::peer_lost, MPI category: the team has ended.
    /// Cost:   three meetings and, with several ranks a node, two more a turn. Elements of other
    ///         nodes cross the network once, in two messages a turn from rank to rank (three for
    ///         gather_all), as by MPI_Alltoallv; no locked instructions. The node's memory for each
    ///         rank: up to 19 MiB, less for short lists, kept until the team ends; more where an
    ///         element is larger than 8 MiB.
    /// Source: MPI 3.1 section 3.7 (non-blocking messages).
    void gather_all(std::span<const indices<N>> places, std::span<T> to) const {
        core().gather_all(numbers(places), places.size(), bytes(to.data()), to.size());
    }
    void scatter_all(std::span<const indices<N>> places, std::span<const T> from) {
        core().scatter_all(numbers(places), places.size(), bytes(from.data()), from.size());
    }
    void scatter_add_all(std::span<const indices<N>> places,
                         std::span<const T> from) requires is_number {
        core().scatter_add_all(numbers(places), places.size(), bytes(from.data()), from.size());
    }

private:
    const Array& self() const { return static_cast<const Array&>(*this); }
    detail::array_core& core() { return *static_cast<Array&>(*this).core_; }
    const detail::array_core& core() const { return *self().core_; }

    // Whether all elements are on this node, are not counted, and certainly exist: in each
    // dimension as are_inside does it.
    bool holds(std::span<const indices<N>> places) const {
        if (self().is_counted_ || !detail::is_surely_live_process()) return false;
        const indices<N> low = self().node_box_.lo;
        const indices<N> extents = self().node_extents_; // copies: nothing else changes them
        if constexpr (N == 1)
            return detail::are_inside(numbers(places), places.size(), low[0], extents[0]);
        std::uint64_t outside = 0;
        for (const indices<N>& at : places)
            for (std::size_t d = 0; d < N; ++d) {
                const auto inside =
                    static_cast<std::uint64_t>(at[d]) - static_cast<std::uint64_t>(low[d]);
                outside |= inside | (static_cast<std::uint64_t>(extents[d]) - 1 - inside);
            }
        return outside >> 63 == 0;
    }

    // Calls f(element, number in the list) for places that this node holds.
    template <class F>
    void for_each_held(std::span<const indices<N>> places, F&& f) const {
        const indices<N> low = self().node_box_.lo;
        const indices<N> strides = self().strides_; // not reloaded after each store
        T* const first = self().first_;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const indices<N>& at = places[i];
            index_t offset = at[N - 1] - low[N - 1];
            for (std::size_t d = 0; d + 1 < N; ++d) offset += (at[d] - low[d]) * strides[d];
            f(first[offset], i);
        }
    }

    // Adds value_of(number in the list) by the processor's instructions, if they can; returns
    // whether it did.
    template <class F>
    bool add_here(std::span<const indices<N>> places, F&& value_of) {
        if constexpr (detail::addable<T>) {
            if (!core().is_one_node() || !holds(places)) return false;
            core().claim_atomics();
            for_each_held(places, [&value_of](T& element, std::size_t i) {
                std::atomic_ref<T>(element).fetch_add(value_of(i), std::memory_order_relaxed);
            });
            return true;
        }
        return false;
    }

    static const index_t* numbers(std::span<const indices<N>> places) {
        return reinterpret_cast<const index_t*>(places.data());
    }
    static std::byte* bytes(T* elements) { return reinterpret_cast<std::byte*>(elements); }
    static const std::byte* bytes(const T* elements) {
        return reinterpret_cast<const std::byte*>(elements);
    }
};

} // namespace nodespan
