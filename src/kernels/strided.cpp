#include "strided.hpp"

#include "turn.hpp"

#include <algorithm>
#include <cstdlib>

namespace nodespan::detail {
namespace {

// Blocks of a size known at compile time become moves through registers; with bytes == 0 the last
// argument is the size.
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

namespace {

// The dimension of more than one element with the smallest stride.
std::size_t innermost(const index_list& extents, const index_list& strides) noexcept {
    std::size_t best = extents.size() - 1;
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (extents[d] > 1 &&
            (extents[best] <= 1 || std::abs(strides[d]) < std::abs(strides[best])))
            best = d;
    return best;
}

void copy_as_it_lies(const index_list& extents, std::size_t element_bytes, std::byte* to,
                     const index_list& to_strides, const std::byte* from,
                     const index_list& from_strides) noexcept {
    paired_runs runs(extents, to_strides, from_strides);
    if (runs.count == 0) return;

    // Rows of two doubles are treated as elements of 16 bytes: a strided loop of moves, not a call
    // for each row.
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

// Between row- and column-major order, neighbours on one side are far apart on the other. So the
// copy goes by tiles of both orders' innermost dimensions, `a` and `b`: it uses all of every cache
// line that it touches while the line is in the cache.
template <std::size_t bytes>
void copy_tiles(const index_list& extents, std::size_t a, std::size_t b, std::byte* to,
                const index_list& to_strides, const std::byte* from,
                const index_list& from_strides) noexcept {
    constexpr index_t side = bytes <= 4 ? 16 : 8; // larger tiles lose at powers of two
    index_list at(static_cast<int>(extents.size()), 0);
    for (;;) {
        std::byte* out = to;
        const std::byte* in = from;
        for (std::size_t d = 0; d < extents.size(); ++d) {
            out += at[d] * to_strides[d];
            in += at[d] * from_strides[d];
        }
        const index_t rows = std::min(side, extents[b] - at[b]);
        const index_t columns = std::min(side, extents[a] - at[a]);
        for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < columns; ++j)
                std::memcpy(out + i * to_strides[b] + j * to_strides[a],
                            in + i * from_strides[b] + j * from_strides[a], bytes);
        std::size_t d = extents.size();
        for (; d > 0; --d) {
            at[d - 1] += d - 1 == a || d - 1 == b ? side : 1;
            if (at[d - 1] < extents[d - 1]) break;
            at[d - 1] = 0;
        }
        if (d == 0) return;
    }
}

// The same by matrices of these two dimensions, where each is dense on one side. Returns whether
// it did it.
bool copy_matrices(const index_list& extents, std::size_t element_bytes, std::size_t a,
                   std::size_t b, std::byte* to, const index_list& to_strides,
                   const std::byte* from, const index_list& from_strides) noexcept {
    const auto element = static_cast<index_t>(element_bytes);
    turned_matrix matrix{extents[a], extents[b], to, to_strides[b], from, from_strides[a]};
    if (to_strides[a] != element || from_strides[b] != element ||
        !can_turn_over(matrix, element_bytes))
        return false;
    index_list outer = extents;
    outer[a] = outer[b] = 1;
    const bool is_large =
        box<dynamic_rank>{index_list(static_cast<int>(extents.size()), 0), extents}.size() >=
        static_cast<index_t>(streaming_copy_from_bytes) / element;
    paired_runs(outer, to_strides, from_strides)
        .for_each_element([&](index_t to_offset, index_t from_offset) {
            matrix.to = to + to_offset;
            matrix.from = from + from_offset;
            turn_over(matrix, element_bytes, is_large);
        });
    return true;
}

} // namespace

void copy_patch(const index_list& extents, std::size_t element_bytes, std::byte* to,
                const index_list& to_strides, const std::byte* from,
                const index_list& from_strides) noexcept {
    const bool has_two = extents.size() >= 2;
    const std::size_t a = has_two ? innermost(extents, to_strides) : 0;
    const std::size_t b = has_two ? innermost(extents, from_strides) : 0;
    const bool is_turned = a != b && extents[a] >= 8 && extents[b] >= 8 &&
                           std::find(extents.begin(), extents.end(), 0) == extents.end();
    if (is_turned &&
        copy_matrices(extents, element_bytes, a, b, to, to_strides, from, from_strides))
        return;
    switch (is_turned ? element_bytes : 0) {
    case 1:
        return copy_tiles<1>(extents, a, b, to, to_strides, from, from_strides);
    case 2:
        return copy_tiles<2>(extents, a, b, to, to_strides, from, from_strides);
    case 4:
        return copy_tiles<4>(extents, a, b, to, to_strides, from, from_strides);
    case 8:
        return copy_tiles<8>(extents, a, b, to, to_strides, from, from_strides);
    case 16:
        return copy_tiles<16>(extents, a, b, to, to_strides, from, from_strides);
    default:
        return copy_as_it_lies(extents, element_bytes, to, to_strides, from, from_strides);
    }
}

} // namespace nodespan::detail
