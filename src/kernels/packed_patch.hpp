#pragma once

#include "nodespan/box.hpp"

#include <cstddef>
#include <memory>

namespace nodespan::detail {

// Program memory whose elements lie further apart than at the target, such as a transposed matrix,
// is copied into the target's order before it is sent, or after it has been received. Otherwise
// Open MPI's osc/rdma makes one transfer for each stretch that is contiguous on both sides: in one
// case 75,000 single doubles, where the copy leaves 300 rows. Other components copy anyway.

/// Whether a copy leaves fewer and longer stretches. Strides are in bytes, of memory and of the
/// target.
bool is_scattered(const index_list& extents, std::size_t element_bytes, const index_list& memory,
                  const index_list& target) noexcept;

/// A dense row-major copy of elements of program memory.
class packed_patch {
public:
    /// Memory for `elements` elements, without values yet.
    packed_patch(index_t elements, std::size_t element_bytes);

    /// Makes this the copy of the elements with these extents and strides, in bytes, at `memory`.
    void stand_for(const index_list& extents, std::byte* memory, const index_list& strides);
    void stand_for(const index_list& extents, const std::byte* memory, const index_list& strides);

    void read() noexcept;  ///< Copies the elements.
    void write() noexcept; ///< Copies them back, unless they are only to be read.

    std::byte* data() noexcept { return data_.get(); }
    const index_list& strides() const noexcept { return own_strides_; } ///< of the copy, in bytes

private:
    std::size_t element_bytes_;
    std::unique_ptr<std::byte[]> data_;
    index_list extents_, strides_, own_strides_;
    const std::byte* from_ = nullptr;
    std::byte* to_ = nullptr;
};

} // namespace nodespan::detail
