#pragma once

#include "rma_gate.hpp"
#include "transfer.hpp"

#include <map>
#include <memory>

namespace nodespan::detail {

// Over several nodes MPI combines elements, each in one step. Some operations it does differently
// from combine.hpp, or not at all. For these, elements are read, combined here and written, under a
// lock of their node that nothing else uses. So no contribution made under this lock is lost; but
// changes that MPI makes to the same elements in the meantime may be lost.

/// Whether MPI's accumulate does what combine.hpp says. Not min and max of floating-point numbers,
/// where MPI leaves open what NaNs do, and has no fmin and fmax; nor sums and products of integers
/// of 8 and 16 bits, which Open MPI's vector code saturates; nor, with MPICH, min and max of
/// unsigned integers, which it compares as signed ones.
bool is_combined_by_mpi(element_kind kind, accumulate_op op) noexcept;

/// The locks of an array, one for each node, each made when it is first used.
class combining_locks {
public:
    combining_locks(const array_location& location, const occasion& why)
        : location_(location),
          why_(why) {}
    combining_locks(const combining_locks&) = delete;            // locks are known by their address
    combining_locks& operator=(const combining_locks&) = delete; // locks are known by their address

    /// Runs `body` while this rank holds the lock of `node`. All that it has sent there has arrived
    /// when this returns.
    /// Errors: those of `body`; MPI category.
    template <class Body>
    void hold(int node, Body&& body);

private:
    struct lock {
        std::unique_ptr<rma_gate> gate;
        mutex handle;
    };
    mutex& of(int node);

    const array_location& location_;
    occasion why_;
    lock_waiter me_;
    std::map<int, lock> locks_;
};

template <class Body>
void combining_locks::hold(int node, Body&& body) {
    mutex& held = of(node);
    held.lock();
    try {
        body();
    } catch (...) {
        try {
            held.unlock();
        } catch (...) {
            // Another error is being thrown already.
        }
        throw;
    }
    held.unlock();
}

/// As accumulate, fetch_add and scatter_add do, for elements of any nodes.
void locked_accumulate(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                       const std::byte* from, const index_list& strides, const void* scale);

/// Adds `value` to the element `offset` bytes into the memory of `node`.
void locked_fetch_add(const array_location& a, int node, std::size_t offset, const void* value,
                      void* before);

/// Adds elements that lie densely in `values` to those at `displacements`, in bytes from `base`, in
/// ascending order, each once. `reach` is the end of the last element.
void locked_add(const array_location& a, int node, std::size_t base, std::size_t reach,
                std::span<const MPI_Aint> displacements, const std::byte* values);

} // namespace nodespan::detail
