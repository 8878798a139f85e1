#include "cyclic_patch.hpp"

#include "pieces.hpp"
#include "strided.hpp"

#include <algorithm>
#include <vector>

namespace nodespan::detail {
namespace {

// As much as stays in the processor's cache.
constexpr index_t packed_bytes = 256 * 1024;

index_t most_packed(const array_location& a) {
    return std::max<index_t>(1, packed_bytes / static_cast<index_t>(a.element_bytes));
}

// The same array by place, whose transfers nobody counts.
array_location by_place(const array_location& a) {
    array_location result = a;
    result.indices = nullptr;
    result.usage = nullptr;
    return result;
}

struct owned_part {
    int node;
    box<dynamic_rank> places;
};

// The parts of a patch, those of the nodes behind this one first and its own last, so that ranks
// that all move a whole array do not all begin with the same node.
std::vector<owned_part> parts_in_turn(const array_location& a, const box<dynamic_rank>& patch) {
    std::vector<owned_part> result;
    a.for_each_part(patch, [&](int node, const box<dynamic_rank>& places) {
        result.push_back({node, places});
    });
    const int here = a.team->node(), nodes = a.cut->placement().nodes();
    const auto turn = [&](const owned_part& p) { return (p.node - here - 1 + nodes) % nodes; };
    std::sort(result.begin(), result.end(),
              [&](const owned_part& x, const owned_part& y) { return turn(x) < turn(y); });
    return result;
}

index_t distance(const index_list& from, const index_list& to, const index_list& strides) {
    index_t bytes = 0;
    for (std::size_t d = 0; d < strides.size(); ++d) bytes += (to[d] - from[d]) * strides[d];
    return bytes;
}

// Calls f(extents, memory by place, memory by index) for the runs of a box of places.
template <class Placed, class Byte, class F>
void for_each_run(const array_location& a, const box<dynamic_rank>& patch,
                  const box<dynamic_rank>& part, Placed* placed, const index_list& placed_strides,
                  Byte* memory, const index_list& strides, F&& f) {
    a.indices->for_each_run(
        part, [&](const box<dynamic_rank>& places, const box<dynamic_rank>& indices) {
            f(indices.extents(), placed + distance(part.lo, places.lo, placed_strides),
              memory + distance(patch.lo, indices.lo, strides));
        });
}

// Copies a box of places to or from the memory of a patch that has all of it.
void unpack(const array_location& a, const box<dynamic_rank>& patch,
            const box<dynamic_rank>& places, const std::byte* placed,
            const index_list& placed_strides, std::byte* to, const index_list& strides) {
    for_each_run(a, patch, places, placed, placed_strides, to, strides,
                 [&](const index_list& extents, const std::byte* source, std::byte* target) {
                     copy_patch(extents, a.element_bytes, target, strides, source, placed_strides);
                 });
}

void pack(const array_location& a, const box<dynamic_rank>& patch, const box<dynamic_rank>& places,
          std::byte* placed, const index_list& placed_strides, const std::byte* from,
          const index_list& strides) {
    for_each_run(a, patch, places, placed, placed_strides, from, strides,
                 [&](const index_list& extents, std::byte* target, const std::byte* source) {
                     copy_patch(extents, a.element_bytes, target, placed_strides, source, strides);
                 });
}

// Calls move(a dense copy, its strides, piece) for the pieces of a part that others hold.
template <class Move>
void for_each_copy(const array_location& a, const box<dynamic_rank>& part, Move&& move) {
    const index_t most = std::min(most_packed(a), part.size());
    std::vector<std::byte> copy(static_cast<std::size_t>(most) * a.element_bytes);
    const settles_on_failure guard(a);
    for_each_piece(part, most, [&](const box<dynamic_rank>& piece) {
        move(copy.data(), dense_strides(piece.extents(), a.element_bytes), piece);
    });
}

// This node's memory of a box of places.
std::byte* own_memory(const array_location& a, const node_patch& where) {
    return a.where.data - a.where.offset + where.offset;
}

void count(const array_location& a, usage_kind kind, index_t here, index_t all) {
    if (a.usage == nullptr) return;
    a.usage->add(kind, static_cast<std::uint64_t>(here) * a.element_bytes,
                 static_cast<std::uint64_t>(all - here) * a.element_bytes);
}

// Calls f(places of points as a list, how many, offsets in program memory) for pieces of a lattice.
template <class F>
void for_each_list(const array_location& a, const lattice& points, const index_list& extents,
                   const index_list& strides, F&& f) {
    const auto dimensions = static_cast<int>(extents.size());
    const index_list zero(dimensions, 0);
    std::vector<index_t> places, offsets;
    for_each_piece({zero, extents}, most_packed(a), [&](const box<dynamic_rank>& piece) {
        places.clear();
        offsets.clear();
        const index_list size = piece.extents();
        for (index_t i = 0; i < piece.size(); ++i) {
            index_list at = piece.lo;
            index_t rest = i;
            for (std::size_t d = size.size(); d-- > 0; rest /= size[d]) at[d] += rest % size[d];
            for (std::size_t d = 0; d < size.size(); ++d)
                places.push_back(points.first[d] + at[d] * points.step[d]);
            offsets.push_back(distance(zero, at, strides));
        }
        f(places.data(), piece.size(), offsets);
    });
}

index_t count_own(const array_location& a, const index_t* places, index_t count) {
    const auto dimensions = static_cast<std::size_t>(a.cut->dimensions());
    index_list at(a.cut->dimensions(), 0);
    index_t result = 0;
    for (index_t i = 0; i < count; ++i, places += dimensions) {
        std::copy_n(places, dimensions, &at[0]);
        result += a.indices->owner_node(at) == a.team->node() ? 1 : 0;
    }
    return result;
}

} // namespace

void get_dealt(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
               const index_list& strides) {
    const array_location placed = by_place(a);
    index_t here = 0;
    for (const owned_part& part : parts_in_turn(a, patch)) {
        if (part.node == a.team->node()) {
            const node_patch where = find_on_node(placed, part.node, part.places);
            unpack(a, patch, part.places, own_memory(a, where), where.strides, to, strides);
            here = part.places.size();
            continue;
        }
        for_each_copy(a, part.places,
                      [&](std::byte* copy, const index_list& own, const box<dynamic_rank>& piece) {
                          get(placed, piece, copy, own);
                          unpack(a, patch, piece, copy, own, to, strides);
                      });
    }
    count(a, usage_kind::get, here, patch.size());
}

void put_dealt(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
               const index_list& strides) {
    const array_location placed = by_place(a);
    index_t here = 0;
    for (const owned_part& part : parts_in_turn(a, patch)) {
        if (part.node == a.team->node()) {
            const node_patch where = find_on_node(placed, part.node, part.places);
            pack(a, patch, part.places, own_memory(a, where), where.strides, from, strides);
            here = part.places.size();
            continue;
        }
        for_each_copy(a, part.places,
                      [&](std::byte* copy, const index_list& own, const box<dynamic_rank>& piece) {
                          pack(a, patch, piece, copy, own, from, strides);
                          put(placed, piece, copy, own);
                      });
    }
    count(a, usage_kind::put, here, patch.size());
}

// This node's own elements go the way of the others': MPI's atomic operations know no stores.
void accumulate_dealt(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                      const std::byte* from, const index_list& strides, const void* scale) {
    const array_location placed = by_place(a);
    index_t here = 0;
    for (const owned_part& part : parts_in_turn(a, patch)) {
        if (part.node == a.team->node()) here = part.places.size();
        for_each_copy(a, part.places,
                      [&](std::byte* copy, const index_list& own, const box<dynamic_rank>& piece) {
                          pack(a, patch, piece, copy, own, from, strides);
                          accumulate(placed, piece, op, copy, own, scale);
                      });
    }
    count(a, usage_kind::accumulate, here, patch.size());
}

void get_dealt(const array_location& a, const lattice& points, const index_list& extents,
               std::byte* to, const index_list& strides) {
    array_location uncounted = a;
    uncounted.usage = nullptr;
    std::vector<std::byte> values;
    index_t here = 0, all = 0;
    for_each_list(a, points, extents, strides,
                  [&](const index_t* places, index_t length, const std::vector<index_t>& offsets) {
                      values.resize(static_cast<std::size_t>(length) * a.element_bytes);
                      gather(uncounted, places, length, values.data());
                      for (std::size_t i = 0; i < offsets.size(); ++i)
                          std::copy_n(values.data() + i * a.element_bytes, a.element_bytes,
                                      to + offsets[i]);
                      all += length;
                      if (a.usage != nullptr) here += count_own(a, places, length);
                  });
    count(a, usage_kind::get, here, all);
}

void put_dealt(const array_location& a, const lattice& points, const index_list& extents,
               const std::byte* from, const index_list& strides) {
    array_location uncounted = a;
    uncounted.usage = nullptr;
    std::vector<std::byte> values;
    index_t here = 0, all = 0;
    for_each_list(a, points, extents, strides,
                  [&](const index_t* places, index_t length, const std::vector<index_t>& offsets) {
                      values.resize(static_cast<std::size_t>(length) * a.element_bytes);
                      for (std::size_t i = 0; i < offsets.size(); ++i)
                          std::copy_n(from + offsets[i], a.element_bytes,
                                      values.data() + i * a.element_bytes);
                      scatter(uncounted, places, length, values.data());
                      all += length;
                      if (a.usage != nullptr) here += count_own(a, places, length);
                  });
    count(a, usage_kind::put, here, all);
}

} // namespace nodespan::detail
