#pragma once

#include "nodespan/detail/owned.hpp"
#include "nodespan/detail/replicated_core.hpp"
#include "nodespan/view.hpp"

#include <memory>
#include <span>
#include <type_traits>
#include <typeinfo>

namespace nodespan {

namespace detail {
template <>
inline constexpr const char* noun_of<replicated_core> = "replicated";
} // namespace detail

/// A table that every rank reads: one copy on each node, not one in each rank.
///
/// T is any trivially copyable type; N is 1 to 6. Zero bytes until it is loaded. Move-only; made
/// and ended in the same order on all ranks, like arrays.
template <class T, int N>
class replicated {
    static_assert(std::is_trivially_copyable_v<T>,
                  "replicated<T, N>: T must be trivially copyable, since other processes see it");
    static_assert(N >= 1 && N <= max_dimensions, "replicated<T, N>: N must be 1 to 6");
    static_assert(alignof(T) <= 64, "replicated<T, N>: blocks are aligned to 64 bytes");

public:
    using value_type = T;

    /// Shape:  extents >= 0, the same on all ranks.
    /// Call:   collective over the team. Errors and cost: as an array that every node holds whole.
    replicated(team& team, const indices<N>& extents)
        : core_(std::make_unique<detail::replicated_core>(team, extents, sizeof(T),
                                                          typeid(T).name())),
          extents_(extents) {}

    const indices<N>& extents() const noexcept { return extents_; }
    index_t size() const noexcept { return box<N>{{}, extents_}.size(); }
    team& get_team() { return core_->get_team(); }

    /// This node's copy, as plain memory.
    view<const T, N> node() const { return {data(), extents_}; }

    /// The same, to be changed. Until publish() only this node has the changes; the memory rule
    /// holds among the node's ranks.
    view<T, N> edit() { return {data(), extents_}; }

    /// Fills all copies with the elements that rank `root` passes, row-major. They cross the
    /// network once for each other node. Other ranks may pass anything, such as {}.
    /// Call:   collective over the team, the same root on all ranks. Ends an epoch, as publish().
    /// Errors: errc::size_mismatch, errc::out_of_range (root), errc::mismatched_arguments,
    ///         errc::peer_lost, MPI category; on all ranks. The copies are then unchanged, except
    ///         after errors of MPI.
    /// Cost:   one copy on the root's node, an agreement, and a broadcast between leaders.
    /// Source: MPI 3.1 section 5.12.2 (MPI_Ibcast).
    void load(std::span<const T> from, int root = 0) {
        core_->load(reinterpret_cast<const std::byte*>(from.data()), from.size(), root);
    }

    /// Sends the copy of node `node`, which the program has edited, to all other nodes. Like load.
    void publish(int node = 0) { core_->publish(node); }

private:
    T* data() const { return reinterpret_cast<T*>(core_->data()); }

    detail::owned<detail::replicated_core> core_;
    indices<N> extents_;
};

} // namespace nodespan
