#include "element_io.hpp"

#include "byte_swap.hpp"
#include "even_cut.hpp"
#include "linear_range.hpp"
#include "strided.hpp"

#include <algorithm>
#include <vector>

namespace nodespan::detail {
namespace {

// Large enough that system calls cost little, small enough for the processor's cache.
constexpr index_t bytes_at_once = index_t{4} << 20;

// Whether every rank's box is one range of the file.
bool are_ranges(const distribution& cut, index_order order) {
    if (cut.is_cyclic()) return false;
    if (order == index_order::column_major && cut.dimensions() > 1) return false;
    for (int rank = 0; rank < cut.placement().size(); ++rank)
        if (!is_range(cut.extents(), cut.rank_box(rank))) return false;
    return true;
}

// One box of the array that is a contiguous range of the file.
struct file_patch {
    box<dynamic_rank> patch;
    patch_memory memory; // of the buffer
    index_t first = 0;   // in the buffer
};

// The boxes of a range of the file, in an array whose index order is that of memory.
std::vector<file_patch> patches_of(const array_core& array, index_order order,
                                   const element_range& part, std::byte* buffer) {
    const bool turned = order == index_order::column_major;
    const index_list extents = array.cut().extents();
    std::vector<file_patch> result;
    index_t done = 0;
    for_each_box_of_range(
        turned ? reversed(extents) : extents, part.first, part.count, [&](box<dynamic_rank> patch) {
            patch_memory memory;
            memory.data = buffer + done * static_cast<index_t>(array.element_bytes());
            memory.size = patch.size();
            memory.is_view = true;
            memory.extents = patch.extents();
            memory.strides = row_major_strides(memory.extents);
            if (turned) {
                patch = {reversed(patch.lo), reversed(patch.hi)};
                memory.extents = reversed(memory.extents);
                memory.strides = reversed(memory.strides);
            }
            result.push_back({patch, memory, done});
            done += memory.size;
        });
    return result;
}

// Where a patch lies in this node's memory, if it lies there in one piece.
std::byte* direct(const array_core& array, const box<dynamic_rank>& patch) {
    if (array.cut().is_cyclic() || !array.rank_box().contains(patch)) return nullptr;
    const box<dynamic_rank>& stored = array.stored_box();
    box<dynamic_rank> inside = patch;
    for (std::size_t d = 0; d < inside.lo.size(); ++d) {
        inside.lo[d] -= stored.lo[d];
        inside.hi[d] -= stored.lo[d];
    }
    if (!is_range(stored.extents(), inside)) return nullptr;
    return array.node_data() +
           range_offset(stored.extents(), inside.lo) * static_cast<index_t>(array.element_bytes());
}

// Calls move(part) for the pieces of this rank's share, and reports the progress.
template <class Move>
void for_each_part(const array_core& array, index_order order, const file_progress& progress,
                   Move&& move) {
    const element_range mine = share_of(array, order);
    const auto bytes = static_cast<index_t>(array.element_bytes());
    const index_t step = bytes_at_once / bytes;
    for (index_t done = 0; done < mine.count;) {
        const element_range part{mine.first + done, std::min(step, mine.count - done)};
        move(part);
        done += part.count;
        if (progress) progress(done * bytes, mine.count * bytes);
    }
}

std::uint64_t offset_in_file(const file_layout& layout, index_t element) {
    return layout.offset + static_cast<std::uint64_t>(element) * bytes_of(layout.type);
}

// A bool must be 0 or 1 in memory, whatever the file holds.
void make_truths(std::byte* data, index_t count) {
    for (index_t k = 0; k < count; ++k) data[k] = std::byte{data[k] != std::byte{0}};
}

} // namespace

element_range share_of(const array_core& array, index_order order) {
    const distribution& cut = array.cut();
    if (const box<dynamic_rank>& mine = array.rank_places(); are_ranges(cut, order))
        return {mine.empty() ? 0 : range_offset(cut.extents(), mine.lo), mine.size()};
    const index_list zero(cut.dimensions(), 0);
    const index_t all = box<dynamic_rank>{zero, cut.extents()}.size();
    const index_t ranks = array.get_team().size(), rank = array.get_team().rank();
    const index_t start = even_cut(all, rank, ranks);
    return {start, even_cut(all, rank + 1, ranks) - start};
}

void get_range(const array_core& from, index_order order, const element_range& range,
               std::byte* to) {
    for (const file_patch& p : patches_of(from, order, range, to)) from.get(p.patch, p.memory);
}

void put_range(array_core& to, index_order order, const element_range& range, std::byte* from) {
    for (const file_patch& p : patches_of(to, order, range, from)) to.put(p.patch, p.memory);
}

void write_elements(const posix_file& file, const array_core& from, const file_layout& layout,
                    const file_progress& progress) {
    const bool swaps = needs_swap(layout.bytes, layout.type);
    std::vector<std::byte> buffer;
    for_each_part(from, layout.order, progress, [&](const element_range& part) {
        const std::size_t bytes = static_cast<std::size_t>(part.count) * from.element_bytes();
        const std::uint64_t offset = offset_in_file(layout, part.first);
        const bool in_order =
            layout.order == index_order::row_major || from.cut().dimensions() == 1;
        buffer.resize(std::max(buffer.size(), bytes));
        std::vector<file_patch> patches = patches_of(from, layout.order, part, buffer.data());
        if (in_order && !swaps && patches.size() == 1)
            if (const std::byte* here = direct(from, patches[0].patch))
                return file.write(offset, here, bytes);
        for (const file_patch& p : patches) from.get(p.patch, p.memory);
        if (swaps) swap_bytes(buffer.data(), part.count, layout.type);
        file.write(offset, buffer.data(), bytes);
    });
}

void read_elements(const posix_file& file, array_core& to, const file_layout& layout,
                   const file_progress& progress) {
    const bool swaps = needs_swap(layout.bytes, layout.type);
    std::vector<std::byte> buffer;
    for_each_part(to, layout.order, progress, [&](const element_range& part) {
        const std::size_t bytes = static_cast<std::size_t>(part.count) * to.element_bytes();
        buffer.resize(std::max(buffer.size(), bytes));
        file.read(offset_in_file(layout, part.first), buffer.data(), bytes);
        if (swaps) swap_bytes(buffer.data(), part.count, layout.type);
        if (layout.type == dtype::boolean) make_truths(buffer.data(), part.count);
        put_range(to, layout.order, part, buffer.data());
    });
}

} // namespace nodespan::detail
