#include "transfer.hpp"

#include "cyclic_patch.hpp"
#include "locked_combine.hpp"
#include "mpi_check.hpp"
#include "mpi_types.hpp"
#include "node_accumulate.hpp"
#include "packed_patch.hpp"
#include "pieces.hpp"
#include "strided.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace nodespan::detail {
namespace {

// MPI counts in int; a smaller piece fits, whatever the size of its elements.
constexpr index_t largest_bytes = index_t{1} << 30;

// Elements that fit into `bytes`, at least 1.
index_t elements_in(index_t bytes, const array_location& a) {
    return std::max<index_t>(1, bytes / static_cast<index_t>(a.element_bytes));
}

// Over TCP Open MPI sends a message below 64 KiB at once, and a longer one in steps that wait for
// each other. Many gets just below this size are up to twice as fast as a long one; gets of half
// this size are slower again. Between ranks of one host, where one process reads the other's
// memory, small gets gain nothing.
constexpr index_t fast_get_bytes = 63 * 1024;
constexpr int fast_gets_at_once = 64; // under way: the senders may keep copies of them

// The size of the pieces into which a blocking get cuts a part of a patch.
index_t get_piece_bytes(const array_location& a, const box<dynamic_rank>& part) {
    if (a.team->is_on_one_host()) return largest_bytes;
    const index_t most = elements_in(fast_get_bytes, a);
    return largest_piece(part, most) >= most * 3 / 4 ? fast_get_bytes : largest_bytes;
}

// The distance in program memory from `lo` of the patch to `lo` of one of its parts.
std::ptrdiff_t distance(const box<dynamic_rank>& patch, const box<dynamic_rank>& part,
                        const index_list& strides) {
    std::ptrdiff_t bytes = 0;
    for (std::size_t d = 0; d < strides.size(); ++d)
        bytes += (part.lo[d] - patch.lo[d]) * strides[d];
    return bytes;
}

// From the first byte of a strided block to the end of its last element.
std::size_t reach(const index_list& extents, const index_list& strides, std::size_t element_bytes) {
    index_t last = 0;
    for (std::size_t d = 0; d < extents.size(); ++d) last += (extents[d] - 1) * strides[d];
    return static_cast<std::size_t>(last) + element_bytes;
}

// How much of a scattered patch is copied at once: an amount that stays in the processor's cache.
constexpr index_t packed_bytes = 256 * 1024;

// Calls f(piece, its copy) for the pieces of a part of a patch.
template <class Byte, class F>
void for_each_packed(const array_location& a, const box<dynamic_rank>& patch,
                     const box<dynamic_rank>& part, Byte* memory, const index_list& strides,
                     F&& f) {
    const index_t most = std::min(elements_in(packed_bytes, a), part.size());
    packed_patch copy(most, a.element_bytes);
    const settles_on_failure guard(a);
    for_each_piece(part, most, [&](const box<dynamic_rank>& piece) {
        copy.stand_for(piece.extents(), memory + distance(patch, piece, strides), strides);
        f(piece, copy);
    });
}

// The copy of a whole part; `open` keeps it until the transfer is done.
template <class Byte>
packed_patch& pack_all(const array_location& a, const box<dynamic_rank>& patch,
                       const box<dynamic_rank>& part, Byte* memory, const index_list& strides,
                       request_list& open) {
    packed_patch& copy = open.keep(part.size(), a.element_bytes);
    copy.stand_for(part.extents(), memory + distance(patch, part, strides), strides);
    return copy;
}

// Calls f(node, part) for the nodes that hold a patch: those behind this one first, then those
// before it. So ranks that all move a whole array do not all begin with the first node.
template <class F>
void for_each_node_in_turn(const array_location& a, const box<dynamic_rank>& patch, F&& f) {
    const int here = a.team->node();
    bool is_around = false;
    a.cut->for_each_node(patch, [&](int node, const box<dynamic_rank>& part) {
        if (node >= here)
            f(node, part);
        else
            is_around = true;
    });
    if (is_around)
        a.cut->for_each_node(patch, [&](int node, const box<dynamic_rank>& part) {
            if (node < here) f(node, part);
        });
}

// Where the points of a part lie on the node that holds them.
node_patch find_points(const array_location& a, const lattice& points, int node,
                       const box<dynamic_rank>& part) {
    node_patch result = find_on_node(a, node, points.around(part));
    for (std::size_t d = 0; d < points.step.size(); ++d)
        if (part.hi[d] - part.lo[d] > 1) result.strides[d] *= points.step[d];
    return result;
}

// Moves a patch in one direction, counted in points. Calls start(node, offset there, bytes, type
// there, program memory, type here) for pieces that other nodes hold, pack(part) for the parts
// whose memory is scattered, and last copy(...) for what this node holds, so that copies overlap
// with transfers under way. Returns whether any transfer is under way.
template <class Byte, class PieceBytes, class Start, class Pack, class Copy>
bool move(const array_location& a, const lattice& points, const box<dynamic_rank>& patch,
          Byte* memory, const index_list& strides, PieceBytes&& piece_bytes, Start&& start,
          Pack&& pack, Copy&& copy) {
    const settles_on_failure guard(a);
    if (patch.empty()) return false;
    const int here = a.team->node();
    box<dynamic_rank> mine;
    bool is_started = false;
    for_each_node_in_turn(a, points.around(patch), [&](int node, const box<dynamic_rank>& held) {
        const box<dynamic_rank> part = points.inside(held);
        if (part.empty()) return; // between two points
        if (node == here) {
            mine = part;
            return;
        }
        if (is_scattered(part.extents(), a.element_bytes, strides,
                         find_points(a, points, node, part).strides)) {
            pack(part);
            return;
        }
        is_started = true;
        std::optional<patch_type> target, origin; // of pieces with these extents
        index_list extents;
        for_each_piece(part, elements_in(piece_bytes(part), a),
                       [&](const box<dynamic_rank>& piece) {
                           const node_patch there = find_points(a, points, node, piece);
                           if (!target || piece.extents() != extents) {
                               extents = piece.extents();
                               target.emplace(extents, there.strides, MPI_BYTE, a.element_bytes);
                               origin.emplace(extents, strides, MPI_BYTE, a.element_bytes);
                           }
                           start(node, there.offset, reach(extents, there.strides, a.element_bytes),
                                 target->elements(), memory + distance(patch, piece, strides),
                                 origin->elements());
                       });
    });
    if (mine.lo.size() > 0) {
        const node_patch place = find_points(a, points, here, mine);
        copy(mine.extents(), a.where.data - a.where.offset + place.offset, place.strides,
             memory + distance(patch, mine, strides));
    }
    return is_started;
}

// Counts a call that has moved a patch, or has started to, if a report is wanted.
void count(const array_location& a, usage_kind kind, const lattice& points,
           const box<dynamic_rank>& patch) {
    if (a.usage == nullptr) return;
    const index_t here = points.inside(a.cut->node_box(a.team->node())).intersection(patch).size();
    const index_t bytes = static_cast<index_t>(a.element_bytes);
    a.usage->add(kind, static_cast<std::uint64_t>(here * bytes),
                 static_cast<std::uint64_t>((patch.size() - here) * bytes));
}

bool get_into(const array_location& a, const lattice& points, const box<dynamic_rank>& patch,
              std::byte* to, const index_list& strides, request_list* open) {
    int under_way = 0;
    const auto start = [&](int node, std::size_t offset, std::size_t bytes,
                           const mpi_elements& target, std::byte* memory,
                           const mpi_elements& origin) {
        if (open == nullptr && ++under_way % fast_gets_at_once == 0) a.where.rma->complete_local();
        a.where.rma->get(node, offset, bytes, target, memory, origin,
                         open != nullptr ? open->add(node) : nullptr);
    };
    const auto pack = [&](const box<dynamic_rank>& part) {
        if (open != nullptr) {
            packed_patch& copy = pack_all(a, patch, part, to, strides, *open);
            get_into(a, points, part, copy.data(), copy.strides(), open);
            return;
        }
        for_each_packed(a, patch, part, to, strides,
                        [&](const box<dynamic_rank>& piece, packed_patch& copy) {
                            get_into(a, points, piece, copy.data(), copy.strides(), nullptr);
                            a.where.rma->complete_local();
                            copy.write();
                        });
    };
    return move(
        a, points, patch, to, strides,
        [&](const box<dynamic_rank>& part) {
            return open == nullptr ? get_piece_bytes(a, part) : largest_bytes;
        },
        start, pack,
        [&](const index_list& extents, const std::byte* here, const index_list& here_strides,
            std::byte* memory) {
            copy_patch(extents, a.element_bytes, memory, strides, here, here_strides);
        });
}

bool put_from(const array_location& a, const lattice& points, const box<dynamic_rank>& patch,
              const std::byte* from, const index_list& strides, request_list* open) {
    const auto start = [&](int node, std::size_t offset, std::size_t bytes,
                           const mpi_elements& target, const std::byte* memory,
                           const mpi_elements& origin) {
        a.where.rma->put(node, offset, bytes, target, memory, origin,
                         open != nullptr ? open->add(node) : nullptr);
    };
    const auto pack = [&](const box<dynamic_rank>& part) {
        if (open != nullptr) {
            packed_patch& copy = pack_all(a, patch, part, from, strides, *open);
            copy.read();
            put_from(a, points, part, copy.data(), copy.strides(), open);
            return;
        }
        for_each_packed(a, patch, part, from, strides,
                        [&](const box<dynamic_rank>& piece, packed_patch& copy) {
                            copy.read();
                            put_from(a, points, piece, copy.data(), copy.strides(), nullptr);
                            a.where.rma->complete_local();
                        });
    };
    return move(
        a, points, patch, from, strides, [](const box<dynamic_rank>&) { return largest_bytes; },
        start, pack,
        [&](const index_list& extents, std::byte* here, const index_list& here_strides,
            const std::byte* memory) {
            copy_patch(extents, a.element_bytes, here, here_strides, memory, strides);
        });
}

// Whether a copy may be sent in place of a patch of which other nodes hold some elements, so that
// put need not wait until MPI has read the program's memory.
bool can_be_kept(const array_location& a, const lattice& points, const box<dynamic_rank>& patch) {
    return !patch.empty() &&
           patch.size() <= static_cast<index_t>(rma_window::largest_kept_bytes / a.element_bytes) &&
           !a.cut->node_box(a.team->node()).contains(points.around(patch));
}

void get_points(const array_location& a, const lattice& points, const box<dynamic_rank>& patch,
                std::byte* to, const index_list& strides) {
    if (get_into(a, points, patch, to, strides, nullptr)) a.where.rma->complete_local();
    count(a, usage_kind::get, points, patch);
}

void put_points(const array_location& a, const lattice& points, const box<dynamic_rank>& patch,
                const std::byte* from, const index_list& strides) {
    if (can_be_kept(a, points, patch)) {
        const index_list extents = patch.extents();
        const index_list kept_strides = dense_strides(extents, a.element_bytes);
        std::byte* const kept =
            a.where.rma->keep(static_cast<std::size_t>(patch.size()) * a.element_bytes);
        copy_patch(extents, a.element_bytes, kept, kept_strides, from, strides);
        put_from(a, points, patch, kept, kept_strides, nullptr);
    } else if (put_from(a, points, patch, from, strides, nullptr)) {
        a.where.rma->complete_local();
    }
    count(a, usage_kind::put, points, patch);
}

} // namespace

node_patch find_on_node(const array_location& a, int node, const box<dynamic_rank>& part) {
    const box<dynamic_rank> stored = with_ghosts(a.cut->node_box(node), a.ghosts);
    node_patch result{a.where.offset, dense_strides(stored.extents(), a.element_bytes)};
    result.offset += static_cast<std::size_t>(distance(stored, part, result.strides));
    return result;
}

box<dynamic_rank> lattice::around(box<dynamic_rank> points) const noexcept {
    for (std::size_t d = 0; d < step.size(); ++d) {
        if (points.hi[d] > points.lo[d])
            points.hi[d] = first[d] + (points.hi[d] - 1) * step[d] + 1;
        else
            points.hi[d] = first[d] + points.lo[d] * step[d];
        points.lo[d] = first[d] + points.lo[d] * step[d];
    }
    return points;
}

box<dynamic_rank> lattice::inside(box<dynamic_rank> patch) const noexcept {
    for (std::size_t d = 0; d < step.size(); ++d) {
        const auto points_before = [&](index_t end) {
            return end <= first[d] ? 0 : (end - first[d] - 1) / step[d] + 1;
        };
        patch.lo[d] = points_before(patch.lo[d]);
        patch.hi[d] = points_before(patch.hi[d]);
    }
    return patch;
}

void get(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
         const index_list& strides) {
    if (a.indices != nullptr) return get_dealt(a, patch, to, strides);
    get_points(a, {}, patch, to, strides);
}

void get(const array_location& a, const lattice& points, const index_list& extents, std::byte* to,
         const index_list& strides) {
    if (a.indices != nullptr) return get_dealt(a, points, extents, to, strides);
    get_points(a, points, {index_list(static_cast<int>(extents.size()), 0), extents}, to, strides);
}

void put(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
         const index_list& strides) {
    if (a.indices != nullptr) return put_dealt(a, patch, from, strides);
    put_points(a, {}, patch, from, strides);
}

void put(const array_location& a, const lattice& points, const index_list& extents,
         const std::byte* from, const index_list& strides) {
    if (a.indices != nullptr) return put_dealt(a, points, extents, from, strides);
    put_points(a, points, {index_list(static_cast<int>(extents.size()), 0), extents}, from,
               strides);
}

void start_get(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
               const index_list& strides, request_list& open) {
    if (a.indices != nullptr) return get_dealt(a, patch, to, strides);
    get_into(a, {}, patch, to, strides, &open);
    count(a, usage_kind::get, {}, patch);
}

void start_put(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
               const index_list& strides, request_list& open) {
    if (a.indices != nullptr) return put_dealt(a, patch, from, strides);
    put_from(a, {}, patch, from, strides, &open);
    count(a, usage_kind::put, {}, patch);
}

// In a team of several nodes even this node's elements go through MPI: MPI orders its own atomic
// operations, but not those of the processor. locked_combine is the exception.
void accumulate(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                const std::byte* from, const index_list& strides, const void* scale) {
    if (patch.empty()) return;
    if (a.indices != nullptr) return accumulate_dealt(a, patch, op, from, strides, scale);
    if (a.is_one_node()) {
        const node_patch here = find_on_node(a, a.team->node(), patch);
        node_accumulate(header_of(a.where), a.kind, op, patch.extents(), a.where.data,
                        here.offset - a.where.offset, here.strides, from, strides, scale);
        count(a, usage_kind::accumulate, {}, patch);
        return;
    }
    if (!is_combined_by_mpi(a.kind, op)) {
        locked_accumulate(a, patch, op, from, strides, scale);
        count(a, usage_kind::accumulate, {}, patch);
        return;
    }
    const settles_on_failure guard(a);
    const MPI_Datatype basic = to_mpi(a.kind);
    const auto send = [&](int node, const box<dynamic_rank>& piece, const node_patch& there,
                          const std::byte* memory, const index_list& memory_strides) {
        const index_list extents = piece.extents();
        const patch_type target(extents, there.strides, basic, a.element_bytes);
        const patch_type origin(extents, memory_strides, basic, a.element_bytes);
        a.where.rma->accumulate(node, there.offset, reach(extents, there.strides, a.element_bytes),
                                target.elements(), memory, origin.elements(), to_mpi(op));
    };
    a.cut->for_each_node(patch, [&](int node, const box<dynamic_rank>& part) {
        const bool is_packed = is_scattered(part.extents(), a.element_bytes, strides,
                                            find_on_node(a, node, part).strides);
        if (scale == nullptr && is_packed) {
            for_each_packed(a, patch, part, from, strides,
                            [&](const box<dynamic_rank>& piece, packed_patch& copy) {
                                copy.read();
                                send(node, piece, find_on_node(a, node, piece), copy.data(),
                                     copy.strides());
                                a.where.rma->complete_local();
                            });
            return;
        }
        const index_t most = elements_in(scale == nullptr ? largest_bytes : scaled_bytes, a);
        const auto one = [&](const box<dynamic_rank>& piece) {
            const std::byte* const memory = from + distance(patch, piece, strides);
            const node_patch there = find_on_node(a, node, piece);
            if (scale == nullptr) {
                send(node, piece, there, memory, strides);
                return;
            }
            const scaled_copy copy(a.kind, piece.extents(), a.element_bytes, memory, strides,
                                   scale);
            send(node, piece, there, copy.data(), copy.strides());
            a.where.rma->complete_local(); // before the copy ends
        };
        for_each_piece(part, most, one);
    });
    count(a, usage_kind::accumulate, {}, patch);
    a.where.rma->complete_local();
    // Afterwards this rank reads its own node's elements by plain loads.
    if (!a.cut->node_box(a.team->node()).intersection(patch).empty())
        a.where.rma->flush(a.team->node());
}

} // namespace nodespan::detail
