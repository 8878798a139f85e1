#pragma once

#include "array_header.hpp"
#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"

#include <cstddef>
#include <memory>

namespace nodespan::detail {

// Accumulates onto the memory of a team of one node, in two ways. As long as no rank changes single
// elements atomically, it works on whole stretches under one of the array's locks, at the speed of
// memory. After the first fetch_add, compare_exchange or scatter_add, it works element by element,
// with the processor's atomic instructions. Both ways lose no contribution, whatever calls are
// mixed.

/// Combines a strided patch that begins `offset` bytes into `block`; `scale` null means 1.
void node_accumulate(array_header& header, element_kind kind, accumulate_op op,
                     const index_list& extents, std::byte* block, std::size_t offset,
                     const index_list& block_strides, const std::byte* from,
                     const index_list& from_strides, const void* scale);

/// Makes all ranks use the second way from now on. Waits until no rank uses the first one.
void claim_atomics(array_header& header);

/// A dense copy of scale * elements, which a message of scaled elements carries.
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

/// The most bytes of a scaled message that are copied at once.
inline constexpr index_t scaled_bytes = index_t{1} << 22;

} // namespace nodespan::detail
