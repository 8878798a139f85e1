#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/view.hpp"

#include <cstddef>

namespace nodespan {

/// The ghosts of an array: copies of neighbours' elements around the node box, as
/// array_options::ghosts says. The program writes the ghosts outside of an array that is not
/// periodic there. A base of array.
template <class Array, class T, int N>
class array_ghosts {
public:
    /// The indices of this node's box with its ghosts, and its elements; index (0, 0, ...) is the
    /// first ghost. An empty node box has no ghosts.
    /// Errors: errc::invalid_argument where the array is block-cyclic.
    [[nodiscard]] const box<N>& node_box_with_ghosts() const {
        if (self().is_cyclic_) [[unlikely]]
            self().core_->require_boxes("node_box_with_ghosts");
        return self().stored_box_;
    }
    [[nodiscard]] view<T, N> node_with_ghosts() { return self().whole(); }
    [[nodiscard]] view<const T, N> node_with_ghosts() const { return self().whole(); }

    /// My rank box grown by the ghosts' width. Beyond the rank box lie elements of other ranks of
    /// this node, or ghosts. Empty if my box is empty.
    [[nodiscard]] view<T, N> local_with_ghosts() { return self().part(grown(self().rank_box())); }
    [[nodiscard]] view<const T, N> local_with_ghosts() const {
        return self().part(grown(self().rank_box()));
    }

    /// Ends the epoch of this node and updates its ghosts, corners included.
    /// Call:   collective over the team. Between start and finish do not write the elements within
    ///         the ghosts' width of a node's edge, and do not use the ghosts.
    /// Epoch:  afterwards ghosts hold the values that neighbours had when they started, and what
    ///         this node wrote is visible on it. It is no fence for transfers, nor for nodes that
    ///         are not neighbours.
    /// Errors: errc::invalid_argument (two starts), errc::peer_lost, MPI category.
    /// Cost:   inside a node only a node_fence. Otherwise one message for each pair of nodes that
    ///         touch, and one for each piece of 64 KiB or more; with those, or in two steps, a
    ///         second fence.
    void exchange_ghosts() { core().exchange_ghosts(); }
    void start_exchange_ghosts() { core().start_ghosts(); }
    void finish_exchange_ghosts() { core().finish_ghosts(); }

private:
    const Array& self() const { return static_cast<const Array&>(*this); }
    detail::array_core& core() { return *static_cast<Array&>(*this).core_; }

    box<N> grown(const box<N>& mine) const {
        box<N> result = mine;
        if (mine.empty()) return result;
        const box<N>&inner = self().node_box_, &outer = self().stored_box_;
        for (std::size_t d = 0; d < N; ++d) {
            result.lo[d] -= inner.lo[d] - outer.lo[d];
            result.hi[d] += outer.hi[d] - inner.hi[d];
        }
        return result;
    }
};

} // namespace nodespan
