#pragma once

#include "array_header.hpp"
#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"

#include <cstddef>
#include <memory>

namespace nodespan::detail {

// Accumulates onto the memory of a one-node team. Two ways: as long as nobody changes single
// elements atomically, whole stretches under one of the array's locks, at the speed of memory; from
// the first fetch_add, compare_exchange or scatter_add on, element by element by the processor's
// atomic instructions. Either way no contribution is lost, whatever is mixed.

/// Combines a strided patch that begins `offset` bytes into `block`; `scale` null means 1.
void node_accumulate(array_header& header, element_kind kind, accumulate_op op,
                     const index_list& extents, std::byte* block, std::size_t offset,
                     const index_list& block_strides, const std::byte* from,
                     const index_list& from_strides, const void* scale);

/// From now on all ranks take the second way. Waits until nobody is on the first.
void claim_atomics(array_header& header);

/// scale * elements, dense: what a message of scaled elements carries.
class scaled_copy {
public:
    scaled_copy(element_kind kind, const index_list& extents, std::size_t element_bytes,
                const std::byte* from, const index_list& strides, const void* scale);

    const std::byte* data() const noexcept { return data_.get(); }
    const index_list& strides() const noexcept { return strides_; }

private:
    std::unique_ptr<std::byte[]> data_;
    index_list strides_;
};

/// How much of a scaled message is copied at once.
inline constexpr index_t scaled_bytes = index_t{1} << 22;

} // namespace nodespan::detail
