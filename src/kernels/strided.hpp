#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/copy_bytes.hpp"
#include "nodespan/detail/export.hpp"

#include <array>
#include <cstddef>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Two strided blocks of equal extents, walked together in the fewest and longest runs: extents of
/// 1 are dropped, and dimensions merged where both blocks allow it. Allocates nothing.
class paired_runs {
public:
    /// Strides in bytes, of any sign; 0 repeats an element. All three lists of equal length.
    paired_runs(const index_list& extents, const index_list& a_strides,
                const index_list& b_strides) noexcept;

    index_t count = 1;  ///< elements in a run; 0 if the block is empty
    index_t a_step = 0; ///< bytes from element to element in a run, in the first block
    index_t b_step = 0; ///< the same in the second

    /// Whether the elements of a run lie one after the other in both blocks.
    bool is_dense(index_t element_bytes) const noexcept {
        return count == 1 || (a_step == element_bytes && b_step == element_bytes);
    }

    /// Calls f(a_offset, b_offset) for each run, row-major. Offsets in bytes from the first
    /// elements. No call for an empty block.
    template <class F>
    void for_each(F&& f) const;

    /// The same for each element.
    template <class F>
    void for_each_element(F&& f) const {
        for_each([&](index_t a, index_t b) {
            for (index_t i = 0; i < count; ++i) f(a + i * a_step, b + i * b_step);
        });
    }

    /// Treats each run as one element, so that the next dimension becomes the run. Returns whether
    /// there is a next dimension.
    bool take_runs_for_elements() noexcept;

private:
    struct dimension {
        index_t extent, a_stride, b_stride;
    };
    std::array<dimension, max_dimensions> outer_{}; // outermost first
    std::size_t outer_count_ = 0;
};

/// Strides in bytes of a dense row-major block.
inline index_list dense_strides(const index_list& extents, std::size_t element_bytes) {
    index_list strides = row_major_strides(extents);
    for (std::size_t d = 0; d < strides.size(); ++d)
        strides[d] *= static_cast<index_t>(element_bytes);
    return strides;
}

/// Copies a block of elements between memories that do not overlap. Strides in bytes.
void copy_patch(const index_list& extents, std::size_t element_bytes, std::byte* to,
                const index_list& to_strides, const std::byte* from,
                const index_list& from_strides) noexcept;

template <class F>
void paired_runs::for_each(F&& f) const {
    if (count == 0) return;
    std::array<index_t, max_dimensions> at{};
    index_t a = 0, b = 0;
    for (;;) {
        f(a, b);
        std::size_t d = outer_count_;
        for (;; --d) { // the innermost dimension that is not at its end; inner ones begin again
            if (d == 0) return;
            const dimension& here = outer_[d - 1];
            a += here.a_stride;
            b += here.b_stride;
            if (++at[d - 1] < here.extent) break;
            at[d - 1] = 0;
            a -= here.extent * here.a_stride;
            b -= here.extent * here.b_stride;
        }
    }
}

} // namespace detail
} // namespace nodespan
