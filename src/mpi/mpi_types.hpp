#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"
#include "rma_window.hpp"

#include <mpi.h>

#include <cstddef>
#include <span>

namespace nodespan::detail {

/// The basic type of a kind of element. Needs another kind than element_kind::other.
MPI_Datatype to_mpi(element_kind kind) noexcept;

MPI_Op to_mpi(accumulate_op op) noexcept;

/// The unsigned integer of 1, 2, 4 or 8 bytes.
MPI_Datatype word_of(std::size_t bytes) noexcept;

/// Strided elements as an MPI datatype; no datatype is made if they lie densely.
class patch_type {
public:
    /// Elements of basic type `base` and of `element_bytes` bytes; strides in bytes. There is at
    /// least one element.
    /// Errors: MPI category.
    patch_type(const index_list& extents, const index_list& byte_strides, MPI_Datatype base,
               std::size_t element_bytes);

    /// Single elements at these positions, in bytes from the begin.
    patch_type(std::span<const MPI_Aint> displacements, MPI_Datatype base,
               std::size_t element_bytes);

    ~patch_type();
    patch_type(const patch_type&) = delete;
    patch_type& operator=(const patch_type&) = delete;

    const mpi_elements& elements() const noexcept { return elements_; }

private:
    void commit();

    mpi_elements elements_;
    bool is_made_ = false;
};

} // namespace nodespan::detail
