#include "locked_combine.hpp"

#include "combine.hpp"
#include "mpi_types.hpp"
#include "node_accumulate.hpp"
#include "pieces.hpp"
#include "strided.hpp"
#include "which_mpi.hpp"

#include <cstring>
#include <vector>

namespace nodespan::detail {
namespace {

// MPICH 4.0 takes the numbers for signed ones in MPI_MIN and MPI_MAX.
constexpr bool compares_unsigned = is_built_with_open_mpi;

// Combines a strided block with scale times another one.
void combine(const array_location& a, accumulate_op op, const index_list& extents, std::byte* to,
             const index_list& to_strides, const std::byte* from, const index_list& from_strides,
             const void* scale) {
    const run_kernel kernel = plain_kernel(a.kind, op);
    const paired_runs runs(extents, to_strides, from_strides);
    runs.for_each([&](index_t to_at, index_t from_at) {
        kernel(to + to_at, runs.a_step, from + from_at, runs.b_step, runs.count, scale);
    });
}

// The elements of this node, as plain memory; the lock guards it too.
std::byte* own_memory(const array_location& a, std::size_t offset) {
    return a.where.data - a.where.offset + offset;
}

} // namespace

bool is_combined_by_mpi(element_kind kind, accumulate_op op) noexcept {
    using enum element_kind;
    const bool is_sum = op == accumulate_op::sum || op == accumulate_op::prod;
    switch (kind) {
    case int8:
    case int16:
        return !is_sum;
    case uint8:
    case uint16:
        return !is_sum && (compares_unsigned || op == accumulate_op::replace);
    case uint32:
    case uint64:
        return is_sum || compares_unsigned || op == accumulate_op::replace;
    case float32:
    case float64:
    case long_double:
        return is_sum || op == accumulate_op::replace;
    default:
        return true;
    }
}

mutex& combining_locks::of(int node) {
    auto& [gate, handle] = locks_[node];
    if (gate) return handle;
    const block& where = location_.where;
    const bool is_here = node == location_.team->node();
    me_ = {location_.team->rank(), why_};
    gate = std::make_unique<rma_gate>(*location_.team, arena::of(*location_.team), *where.rma, node,
                                      where.header_offset + offsetof(array_header, combining_gate),
                                      is_here ? &header_of(where).combining_gate : nullptr, why_);
    handle = is_here ? mutex(&header_of(where).stripes[0], location_.team->is_oversubscribed(),
                             gate.get(), &me_)
                     : mutex(gate.get());
    return handle;
}

void locked_accumulate(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                       const std::byte* from, const index_list& strides, const void* scale) {
    const index_t most = std::max<index_t>(1, scaled_bytes / static_cast<index_t>(a.element_bytes));
    const auto memory_of = [&](const box<dynamic_rank>& part) {
        index_t bytes = 0;
        for (std::size_t d = 0; d < strides.size(); ++d)
            bytes += (part.lo[d] - patch.lo[d]) * strides[d];
        return from + bytes;
    };
    std::vector<std::byte> read;
    const auto combine_piece = [&](int node, const box<dynamic_rank>& piece) {
        const node_patch there = find_on_node(a, node, piece);
        const index_list extents = piece.extents();
        const index_list dense = dense_strides(extents, a.element_bytes);
        const patch_type target(extents, there.strides, MPI_BYTE, a.element_bytes);
        std::size_t reach = a.element_bytes;
        for (std::size_t d = 0; d < extents.size(); ++d)
            reach += static_cast<std::size_t>((extents[d] - 1) * there.strides[d]);
        read.resize(static_cast<std::size_t>(piece.size()) * a.element_bytes);
        const mpi_elements all{MPI_BYTE, static_cast<int>(read.size())};
        a.where.rma->get(node, there.offset, reach, target.elements(), read.data(), all);
        a.where.rma->complete_local();
        combine(a, op, extents, read.data(), dense, memory_of(piece), strides, scale);
        a.where.rma->put(node, there.offset, reach, target.elements(), read.data(), all);
        a.where.rma->complete_local();
    };
    a.cut->for_each_node(patch, [&](int node, const box<dynamic_rank>& part) {
        a.combining->hold(node, [&] {
            if (node != a.team->node())
                return for_each_piece(part, most, [&](const box<dynamic_rank>& piece) {
                    combine_piece(node, piece);
                });
            const node_patch here = find_on_node(a, node, part);
            combine(a, op, part.extents(), own_memory(a, here.offset), here.strides,
                    memory_of(part), strides, scale);
        });
    });
}

void locked_fetch_add(const array_location& a, int node, std::size_t offset, const void* value,
                      void* before) {
    const auto step = static_cast<index_t>(a.element_bytes);
    const mpi_elements one{MPI_BYTE, static_cast<int>(step)};
    const auto add_to = [&](std::byte* element) {
        std::memcpy(before, element, a.element_bytes);
        plain_kernel(a.kind, accumulate_op::sum)(
            element, step, static_cast<const std::byte*>(value), step, 1, nullptr);
    };
    a.combining->hold(node, [&] {
        if (node == a.team->node()) return add_to(own_memory(a, offset));
        alignas(std::max_align_t) std::byte element[sizeof(std::max_align_t)];
        a.where.rma->get(node, offset, a.element_bytes, one, element, one);
        a.where.rma->complete_local();
        add_to(element);
        a.where.rma->put(node, offset, a.element_bytes, one, element, one);
        a.where.rma->complete_local();
    });
}

void locked_add(const array_location& a, int node, std::size_t base, std::size_t reach,
                std::span<const MPI_Aint> places, const std::byte* values) {
    const auto step = static_cast<index_t>(a.element_bytes);
    const run_kernel add = plain_kernel(a.kind, accumulate_op::sum);
    a.combining->hold(node, [&] {
        if (node == a.team->node()) {
            for (std::size_t i = 0; i < places.size(); ++i)
                add(own_memory(a, base) + places[i], step, values + i * a.element_bytes, step, 1,
                    nullptr);
            return;
        }
        std::vector<std::byte> read(places.size() * a.element_bytes);
        const patch_type target(places, MPI_BYTE, a.element_bytes);
        const mpi_elements all{MPI_BYTE, static_cast<int>(read.size())};
        a.where.rma->get(node, base, reach, target.elements(), read.data(), all);
        a.where.rma->complete_local();
        add(read.data(), step, values, step, static_cast<index_t>(places.size()), nullptr);
        a.where.rma->put(node, base, reach, target.elements(), read.data(), all);
        a.where.rma->complete_local();
    });
}

} // namespace nodespan::detail
