#include "strided.hpp"

namespace nodespan::detail {
namespace {

// Blocks of a size known here become moves through registers; bytes == 0 asks the last argument.
template <std::size_t bytes>
void copy_blocks(const paired_runs& runs, std::byte* to, const std::byte* from,
                 std::size_t any_bytes) {
    runs.for_each([&](index_t a, index_t b) {
        std::byte* out = to + a;
        const std::byte* in = from + b;
        for (index_t i = 0; i < runs.count; ++i, out += runs.a_step, in += runs.b_step)
            if constexpr (bytes > 0)
                std::memcpy(out, in, bytes);
            else
                copy_bytes(out, in, any_bytes);
    });
}

} // namespace

paired_runs::paired_runs(const index_list& extents, const index_list& a_strides,
                         const index_list& b_strides) noexcept {
    for (std::size_t d = 0; d < extents.size(); ++d) {
        const dimension here{extents[d], a_strides[d], b_strides[d]};
        if (here.extent <= 0) {
            count = 0;
            outer_count_ = 0;
            return;
        }
        if (here.extent == 1) continue;
        dimension* const before = outer_count_ > 0 ? &outer_[outer_count_ - 1] : nullptr;
        if (before && before->a_stride == here.extent * here.a_stride &&
            before->b_stride == here.extent * here.b_stride)
            *before = {before->extent * here.extent, here.a_stride, here.b_stride};
        else
            outer_[outer_count_++] = here;
    }
    take_runs_for_elements();
}

bool paired_runs::take_runs_for_elements() noexcept {
    const dimension innermost = outer_count_ > 0 ? outer_[outer_count_ - 1] : dimension{1, 0, 0};
    count = innermost.extent;
    a_step = innermost.a_stride;
    b_step = innermost.b_stride;
    if (outer_count_ == 0) return false;
    --outer_count_;
    return true;
}

void copy_patch(const index_list& extents, std::size_t element_bytes, std::byte* to,
                const index_list& to_strides, const std::byte* from,
                const index_list& from_strides) noexcept {
    paired_runs runs(extents, to_strides, from_strides);
    if (runs.count == 0) return;

    // Rows of two doubles are elements of 16 bytes: a strided loop of moves, not a call per row.
    std::size_t bytes = element_bytes;
    if (runs.is_dense(static_cast<index_t>(bytes))) {
        bytes *= static_cast<std::size_t>(runs.count);
        runs.take_runs_for_elements();
    }
    switch (bytes) {
    case 1:
        return copy_blocks<1>(runs, to, from, bytes);
    case 2:
        return copy_blocks<2>(runs, to, from, bytes);
    case 4:
        return copy_blocks<4>(runs, to, from, bytes);
    case 8:
        return copy_blocks<8>(runs, to, from, bytes);
    case 16:
        return copy_blocks<16>(runs, to, from, bytes);
    case 24:
        return copy_blocks<24>(runs, to, from, bytes);
    case 32:
        return copy_blocks<32>(runs, to, from, bytes);
    case 64:
        return copy_blocks<64>(runs, to, from, bytes);
    default:
        return copy_blocks<0>(runs, to, from, bytes);
    }
}

} // namespace nodespan::detail
