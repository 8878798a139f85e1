#pragma once

#include "arena.hpp"
#include "ghost_plan.hpp"
#include "nodespan/accumulate_op.hpp"
#include "nodespan/distribution.hpp"
#include "nodespan/error.hpp"
#include "nodespan/request.hpp"
#include "usage_counters.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <span>

namespace nodespan::detail {

class combining_locks;

/// Where an array's elements are, on every node: all that a transfer needs to know. Read-only.
struct array_location {
    const distribution* cut = nullptr;     // by place, where the array is block-cyclic
    const distribution* indices = nullptr; // the same by index, where places are no indices
    ghost_layers ghosts;
    std::size_t element_bytes = 0;
    element_kind kind = element_kind::other;
    team_core* team = nullptr;
    block where;
    array_usage* usage = nullptr;         // counters, if a report is wanted
    combining_locks* combining = nullptr; // over several nodes

    /// Whether all elements are on this node. Then atomic operations are the processor's, otherwise
    /// MPI's.
    bool is_one_node() const noexcept { return where.rma == nullptr; }

    /// Where `cut` has the element at an index.
    index_list place_of(const index_list& index) const {
        return indices != nullptr ? indices->place_of(index) : index;
    }

    /// Calls f(node, box for `cut`) for the nodes that hold elements of a patch.
    template <class F>
    void for_each_part(const box<dynamic_rank>& patch, F&& f) const {
        if (indices != nullptr)
            indices->for_each_owner(patch, f);
        else
            cut->for_each_node(patch, f);
    }
};

/// Elements of one node: the offset of the first one from the node's begin, in bytes, and the
/// strides.
struct node_patch {
    std::size_t offset = 0;
    index_list strides; // bytes
};

/// Where `part` lies on node `node`, which holds all of it.
/// Cost:   O(dimensions).
node_patch find_on_node(const array_location& a, int node, const box<dynamic_rank>& part);

/// For transfers that fail after a part of them has begun: while the exception unwinds, waits until
/// MPI no longer uses this rank's memory. Declare it after that memory.
class settles_on_failure {
public:
    explicit settles_on_failure(const array_location& a) : window_(a.where.rma) {}
    ~settles_on_failure() {
        if (window_ != nullptr && std::uncaught_exceptions() > exceptions_) window_->settle();
    }
    settles_on_failure(const settles_on_failure&) = delete;            // for one scope
    settles_on_failure& operator=(const settles_on_failure&) = delete; // for one scope

private:
    rma_window* window_;
    int exceptions_ = std::uncaught_exceptions();
};

// Patches lie inside the array. Strides of program memory are in bytes.

/// Copies a patch to `to`, or `from` to a patch: on this node by loads and stores, elsewhere by one
/// RMA call for each node touched (more above 1 GiB; a get, also for each 63 KiB where that is
/// faster).
/// Errors: MPI category; transfers under way end at the next fence.
/// Cost:   nothing is allocated. Strided parts become an MPI datatype: between hosts that was
///         faster than rows or the range with its gaps, for every shape tried. Memory that lies in
///         shorter stretches than the target goes through a copy, see packed_patch.
void get(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
         const index_list& strides);
void put(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
         const index_list& strides);

/// Some of an array's indices, evenly spaced: first, first + step, ... along each dimension. Boxes
/// of a lattice count its points.
struct lattice {
    index_list first;
    index_list step; // 1 or more; none at all stands for all indices, counted as the array does

    /// The array's indices from the first to the last point of a box that is not empty.
    box<dynamic_rank> around(box<dynamic_rank> points) const noexcept;

    /// The points that lie in a box of the array.
    box<dynamic_rank> inside(box<dynamic_rank> patch) const noexcept;
};

/// The same of the first points of a lattice, as many as `extents` says: strided elements.
void get(const array_location& a, const lattice& points, const index_list& extents, std::byte* to,
         const index_list& strides);
void put(const array_location& a, const lattice& points, const index_list& extents,
         const std::byte* from, const index_list& strides);

/// Starts the same: parts of this node, and all of block-cyclic arrays, are done at once; `open`
/// stands for the others, and keeps copies of all scattered parts.
void start_get(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
               const index_list& strides, request_list& open);
void start_put(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
               const index_list& strides, request_list& open);

/// Combines a patch with scale * from, element by element indivisibly; `scale` null means 1.
void accumulate(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                const std::byte* from, const index_list& strides, const void* scale);

/// `count` elements whose indices follow each other in `places`, dimensions() numbers each.
void gather(const array_location& a, const index_t* places, index_t count, std::byte* to);
void scatter(const array_location& a, const index_t* places, index_t count, const std::byte* from);
void scatter_add(const array_location& a, const index_t* places, index_t count,
                 const std::byte* from);

/// The same of all ranks together, each with a list of its own; `refused` is what this rank found
/// wrong with it. Begins and ends with a fence.
/// Call:   collective over the team; MPI under the rule for threads.
/// Errors: what a rank brings, on all ranks, before any element has been moved; errc::no_capacity,
///         errc::mismatched_arguments (other arrays); errc::peer_lost, MPI category: the team has
///         ended.
void gather_all(const array_location& a, const index_t* places, index_t count, std::byte* to,
                const std::optional<error>& refused, const occasion& why);
void scatter_all(const array_location& a, const index_t* places, index_t count,
                 const std::byte* from, const std::optional<error>& refused, const occasion& why);
void scatter_add_all(const array_location& a, const index_t* places, index_t count,
                     const std::byte* from, const std::optional<error>& refused,
                     const occasion& why);

} // namespace nodespan::detail
