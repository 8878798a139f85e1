#include "contiguous_io.hpp"

#include "collective_io.hpp"
#include "even_cut.hpp"
#include "pieces.hpp"
#include "strided.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/uio.h>

namespace nodespan::detail {
namespace {

constexpr index_t shortest_run_bytes = 64 * 1024;   // below, whole stretches are put together first
constexpr index_t stretch_bytes = 16 * 1024 * 1024; // of these
constexpr index_t least_share_bytes = 4 * 1024 * 1024; // a rank below is not worth its waking
constexpr std::size_t most_parts_a_call = 512;         // POSIX allows 1024 on Linux
constexpr std::size_t most_bytes_a_call = std::size_t{1} << 30; // Linux moves less than 2 GiB

enum class direction { to_file, from_file };

// Moves pieces of memory to or from a range of the file, many in one system call.
class stretch {
public:
    stretch(const posix_file& file, direction way) : file_(file), way_(way) {
        parts_.reserve(most_parts_a_call);
    }

    void add(std::byte* memory, std::uint64_t offset, std::size_t bytes) {
        while (bytes > 0) {
            if (offset != begin_ + bytes_ || bytes_ >= most_bytes_a_call ||
                parts_.size() == most_parts_a_call)
                flush();
            if (parts_.empty()) begin_ = offset;
            const std::size_t now = std::min(bytes, most_bytes_a_call - bytes_);
            append(memory, now);
            memory += now;
            offset += now;
            bytes -= now;
        }
    }

    void flush() {
        iovec* part = parts_.data();
        std::size_t count = parts_.size();
        while (count > 0) {
            auto moved = static_cast<std::size_t>(move_some(part, count));
            begin_ += moved;
            for (; count > 0 && moved >= part->iov_len; ++part, --count) moved -= part->iov_len;
            if (moved == 0) continue;
            part->iov_base = static_cast<std::byte*>(part->iov_base) + moved;
            part->iov_len -= moved;
        }
        parts_.clear();
        bytes_ = 0;
    }

private:
    void append(std::byte* memory, std::size_t bytes) {
        bytes_ += bytes;
        if (!parts_.empty() &&
            static_cast<std::byte*>(parts_.back().iov_base) + parts_.back().iov_len == memory)
            parts_.back().iov_len += bytes;
        else
            parts_.push_back({memory, bytes});
    }

    ssize_t move_some(const iovec* part, std::size_t count) const {
        const auto at = static_cast<off_t>(begin_);
        for (;;) {
            const ssize_t moved =
                way_ == direction::to_file
                    ? ::pwritev(file_.descriptor(), part, static_cast<int>(count), at)
                    : ::preadv(file_.descriptor(), part, static_cast<int>(count), at);
            if (moved > 0) return moved;
            if (moved == 0)
                refuse(fmt::format("the file ends at byte {}: it is truncated", begin_));
            if (errno != EINTR)
                refuse_by_system(fmt::format(
                    "cannot {} at byte {}", way_ == direction::to_file ? "write" : "read", begin_));
        }
    }

    const posix_file& file_;
    direction way_;
    std::vector<iovec> parts_;
    std::uint64_t begin_ = 0; // in the file
    std::size_t bytes_ = 0;   // of all parts
};

// A dense or strided block of memory: the elements of the box `elements`, with these strides in
// bytes.
struct memory_block {
    std::byte* first;
    box<dynamic_rank> elements;
    index_list strides;
};

void move_block(const memory_block& block, std::size_t element_bytes, const file_patch& where,
                const posix_file& file, direction way) {
    const index_list in_file = dense_strides(where.extents, element_bytes);
    std::uint64_t offset = where.offset;
    for (std::size_t d = 0; d < where.at.size(); ++d)
        offset += static_cast<std::uint64_t>(
            (where.at[d] + block.elements.lo[d] - where.patch.lo[d]) * in_file[d]);
    const paired_runs runs(block.elements.extents(), block.strides, in_file);
    const bool dense = runs.is_dense(static_cast<index_t>(element_bytes));
    const index_t steps = dense ? 1 : runs.count;
    const std::size_t bytes =
        dense ? static_cast<std::size_t>(runs.count) * element_bytes : element_bytes;
    stretch moved(file, way);
    runs.for_each([&](index_t memory, index_t element) {
        for (index_t k = 0; k < steps; ++k)
            moved.add(block.first + memory + k * runs.a_step,
                      offset + static_cast<std::uint64_t>(element + k * runs.b_step), bytes);
    });
    moved.flush();
}

// Elements of this node, where they lie.
memory_block on_node(const array_core& array, const box<dynamic_rank>& part) {
    const box<dynamic_rank>& stored = array.stored_box();
    const index_list strides = dense_strides(stored.extents(), array.element_bytes());
    index_t offset = 0;
    for (std::size_t d = 0; d < part.lo.size(); ++d)
        offset += (part.lo[d] - stored.lo[d]) * strides[d];
    return {array.node_data() + offset, part, strides};
}

// How many bytes of a part lie one after the other in the file.
index_t run_bytes(const box<dynamic_rank>& part, const index_list& extents,
                  std::size_t element_bytes) {
    auto run = static_cast<index_t>(element_bytes);
    for (std::size_t d = extents.size(); d-- > 0;) {
        run *= part.hi[d] - part.lo[d];
        if (part.hi[d] - part.lo[d] != extents[d]) break;
    }
    return run;
}

// Whether the parts of all nodes have long enough runs; the same answer on all ranks.
bool has_long_runs(const array_core& array, const file_patch& where) {
    if (array.cut().is_cyclic()) return false; // blocks, far apart in the file
    if (array.is_one_node()) return true;
    bool result = true;
    array.cut().for_each_node(where.patch, [&](int, const box<dynamic_rank>& part) {
        const index_t run = run_bytes(part, where.extents, array.element_bytes());
        const auto whole = part.size() * static_cast<index_t>(array.element_bytes());
        result = result && run >= std::min(shortest_run_bytes, whole);
    });
    return result;
}

// This rank's part of what its node holds. For writing that is all on the leader, since the system
// lets only one process of a node write a file at a time; any number of processes can read.
box<dynamic_rank> share_of_node(const array_core& array, const box<dynamic_rank>& patch,
                                direction way) {
    const team& ranks = array.get_team();
    const box<dynamic_rank> ours = array.node_box().intersection(patch);
    const auto bytes = ours.size() * static_cast<index_t>(array.element_bytes());
    const auto readers =
        std::clamp<index_t>(bytes / least_share_bytes, 1, static_cast<index_t>(ranks.node_size()));
    const index_t movers = way == direction::to_file ? 1 : readers;
    if (ranks.node_rank() >= movers) return {patch.lo, patch.lo};
    return nth_piece(ours, ranks.node_rank(), movers);
}

template <class Move>
void move_share(const array_core& array, const file_patch& where, Move&& through_buffer,
                const posix_file& file, direction way) {
    if (where.patch.empty()) return;
    const std::size_t bytes = array.element_bytes();
    if (has_long_runs(array, where)) {
        const box<dynamic_rank> mine = share_of_node(array, where.patch, way);
        if (!mine.empty()) move_block(on_node(array, mine), bytes, where, file, way);
        return;
    }
    const team& ranks = array.get_team();
    const box<dynamic_rank> mine = nth_piece(where.patch, ranks.rank(), ranks.size());
    const index_t most = std::max<index_t>(1, stretch_bytes / static_cast<index_t>(bytes));
    std::vector<std::byte> buffer;
    for_each_piece(mine, most, [&](const box<dynamic_rank>& piece) {
        if (!array.cut().is_cyclic() && array.node_box().contains(piece))
            return move_block(on_node(array, piece), bytes, where, file, way);
        buffer.resize(static_cast<std::size_t>(piece.size()) * bytes);
        const patch_memory memory{buffer.data(), piece.size(), false, {}, {}};
        const memory_block block{buffer.data(), piece, dense_strides(piece.extents(), bytes)};
        through_buffer(piece, memory, block);
    });
}

} // namespace

box<dynamic_rank> nth_piece(const box<dynamic_rank>& whole, index_t k, index_t n) {
    box<dynamic_rank> piece = whole;
    if (whole.empty()) return piece;
    const piece_cut cut(whole, std::numeric_limits<index_t>::max());
    const index_t lo = whole.lo[cut.dimension], extent = whole.hi[cut.dimension] - lo;
    piece.lo[cut.dimension] = lo + even_cut(extent, k, n);
    piece.hi[cut.dimension] = lo + even_cut(extent, k + 1, n);
    return piece;
}

void write_share(const array_core& from, const file_patch& where, const posix_file& file) {
    const auto write = [&](const box<dynamic_rank>& piece, const patch_memory& memory,
                           const memory_block& block) {
        from.get(piece, memory);
        move_block(block, from.element_bytes(), where, file, direction::to_file);
    };
    move_share(from, where, write, file, direction::to_file);
}

void read_share(array_core& to, const file_patch& where, const posix_file& file) {
    const auto read = [&](const box<dynamic_rank>& piece, const patch_memory& memory,
                          const memory_block& block) {
        move_block(block, to.element_bytes(), where, file, direction::from_file);
        to.put(piece, memory);
    };
    move_share(to, where, read, file, direction::from_file);
}

} // namespace nodespan::detail
