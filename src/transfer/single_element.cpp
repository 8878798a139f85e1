#include "single_element.hpp"

#include "locked_combine.hpp"
#include "mpi_check.hpp"
#include "mpi_types.hpp"
#include "node_accumulate.hpp"
#include "osc_settings.hpp"

#include <array>
#include <cstring>

namespace nodespan::detail {
namespace {

// Counts a call on an element of node `node`, where a report is wanted.
void count(const array_location& a, usage_kind kind, int node) {
    if (a.usage == nullptr) return;
    const bool is_here = node == a.team->node();
    a.usage->add(kind, is_here ? a.element_bytes : 0, is_here ? 0 : a.element_bytes);
}

// Where one element lies; sets `node`.
std::size_t find_element(const array_location& a, const index_list& index, int& node) {
    const index_list at = a.place_of(index);
    node = a.cut->owner_node(at);
    const box<dynamic_rank> stored = with_ghosts(a.cut->node_box(node), a.ghosts);
    index_t offset = 0;
    for (std::size_t d = 0; d < at.size(); ++d)
        offset = offset * (stored.hi[d] - stored.lo[d]) + at[d] - stored.lo[d];
    return a.where.offset + static_cast<std::size_t>(offset) * a.element_bytes;
}

// Open MPI 4's osc/rdma, which it may choose on one host, crashes in an 8-byte compare and swap on
// the rank's own memory.
void require_compare_and_swap(const array_location& a, int node) {
    if (a.element_bytes != 8 || node != a.team->node() || !a.team->is_leader() ||
        !a.team->is_on_one_host())
        return;
    static const bool may_crash = may_crash_in_compare_and_swap(); // settled when MPI started
    if (may_crash)
        throw error(std::error_code(MPI_ERR_UNSUPPORTED_OPERATION, mpi_category()),
                    "compare_exchange: Open MPI's osc/rdma would crash on 8-byte elements of one's "
                    "own node; set OMPI_MCA_osc=^ucx,rdma before MPI_Init");
}

// After an atomic operation whose answer is here. This rank reads its own node's elements by plain
// loads, so the change must have arrived.
void settle(const array_location& a, int node, std::size_t offset) {
    if (node == a.team->node())
        a.where.rma->flush(node);
    else
        a.where.rma->answered(node, offset, a.element_bytes);
}

} // namespace

// The template handles this node's own elements itself, except once MPI_Finalize has begun.
void get_element(const array_location& a, const index_list& at, void* to) {
    int node = 0;
    const std::size_t offset = find_element(a, at, node);
    if (node == a.team->node()) {
        std::memcpy(to, a.where.data - a.where.offset + offset, a.element_bytes);
        return;
    }
    const mpi_elements one{MPI_BYTE, static_cast<int>(a.element_bytes)};
    a.where.rma->get(node, offset, a.element_bytes, one, to, one);
    a.where.rma->complete_local();
    count(a, usage_kind::get, node);
}

void put_element(const array_location& a, const index_list& at, const void* from) {
    int node = 0;
    const std::size_t offset = find_element(a, at, node);
    if (node == a.team->node()) {
        std::memcpy(a.where.data - a.where.offset + offset, from, a.element_bytes);
        return;
    }
    const mpi_elements one{MPI_BYTE, static_cast<int>(a.element_bytes)};
    count(a, usage_kind::put, node);
    if (a.element_bytes > rma_window::largest_kept_bytes) {
        a.where.rma->put(node, offset, a.element_bytes, one, from, one);
        a.where.rma->complete_local();
        return;
    }
    std::byte* const kept = a.where.rma->keep(a.element_bytes);
    std::memcpy(kept, from, a.element_bytes);
    a.where.rma->put(node, offset, a.element_bytes, one, kept, one);
}

void fetch_add(const array_location& a, const index_list& at, const void* value, void* before) {
    int node = 0;
    const std::size_t offset = find_element(a, at, node);
    if (is_combined_by_mpi(a.kind, accumulate_op::sum)) {
        a.where.rma->fetch_and_op(node, offset, a.element_bytes, to_mpi(a.kind), value, before,
                                  MPI_SUM);
        settle(a, node, offset);
    } else {
        locked_fetch_add(a, node, offset, value, before);
    }
    count(a, usage_kind::atomic, node);
}

bool compare_exchange(const array_location& a, const index_list& at, void* expected,
                      const void* desired) {
    int node = 0;
    const std::size_t offset = find_element(a, at, node);
    require_compare_and_swap(a, node);
    std::array<std::byte, 8> before{};
    a.where.rma->compare_and_swap(node, offset, a.element_bytes, word_of(a.element_bytes), expected,
                                  desired, before.data());
    settle(a, node, offset);
    count(a, usage_kind::atomic, node);
    if (std::memcmp(before.data(), expected, a.element_bytes) == 0) return true;
    std::memcpy(expected, before.data(), a.element_bytes);
    return false;
}

void claim_atomics(const array_location& a) {
    claim_atomics(header_of(a.where));
}

} // namespace nodespan::detail
