#pragma once

#include "nodespan/box.hpp"

#include <cstddef>
#include <memory>

namespace nodespan::detail {

// Program memory whose elements lie further apart than they do at the target, such as a matrix that
// is turned over, is copied into the target's order before it is sent, or after it has come. Open
// MPI's osc/rdma makes a transfer of each stretch that is in one piece on both sides: of 75,000
// doubles one by one, where the copy leaves 300 rows. Other components copy in any case.

/// Whether a copy leaves fewer and longer stretches: strides in bytes, of memory and of the target.
bool is_scattered(const index_list& extents, std::size_t element_bytes, const index_list& memory,
                  const index_list& target) noexcept;

/// A dense row-major copy of elements of program memory.
class packed_patch {
public:
    /// Room for `elements` elements, so far without values.
    packed_patch(index_t elements, std::size_t element_bytes);

    /// Stands for the elements of these extents that lie at `memory` with these strides, in bytes.
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
