#include "combine.hpp"
#include "locked_combine.hpp"
#include "mpi_types.hpp"
#include "node_accumulate.hpp"
#include "strided.hpp"
#include "transfer.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

// Lists of elements. Elements of this node are accessed directly. The others are sorted by node and
// position, so that one message to a node carries many of them, and each element at most once, as
// MPI demands of elements that are written.

namespace nodespan::detail {
namespace {

// The number of elements in one message. It is bounded in bytes too: MPI counts in int, and the
// message is a copy.
constexpr std::size_t at_once(std::size_t element_bytes) {
    constexpr std::size_t most = std::size_t{1} << 16, most_bytes = std::size_t{1} << 26;
    return std::clamp<std::size_t>(most_bytes / element_bytes, 1, most);
}

struct remote_element {
    int node = 0;
    std::size_t offset = 0;
    index_t position = 0; // position in the list

    bool same_place(const remote_element& o) const { return node == o.node && offset == o.offset; }
};

bool before(const remote_element& a, const remote_element& b) {
    if (a.node != b.node) return a.node < b.node;
    if (a.offset != b.offset) return a.offset < b.offset;
    return a.position < b.position;
}

// Calls local(element, position) for this node's elements, and returns the others, sorted. With
// `everything`, this node's own elements count as others too.
template <class Local>
std::vector<remote_element> split(const array_location& a, const index_t* places, index_t count,
                                  bool everything, Local&& local) {
    const auto dimensions = static_cast<std::size_t>(a.cut->dimensions());
    const int here = a.team->node();
    const box<dynamic_rank> mine = a.cut->node_box(here);
    const box<dynamic_rank> stored = with_ghosts(mine, a.ghosts);
    const index_list strides = dense_strides(stored.extents(), a.element_bytes);
    std::vector<remote_element> others;
    index_list at(a.cut->dimensions(), 0);
    for (index_t i = 0; i < count; ++i, places += dimensions) {
        std::copy_n(places, dimensions, &at[0]);
        if (a.indices != nullptr) at = a.indices->place_of(at);
        if (!everything && mine.contains(at)) {
            index_t offset = 0;
            for (std::size_t d = 0; d < dimensions; ++d)
                offset += (at[d] - stored.lo[d]) * strides[d];
            local(a.where.data + offset, i);
            continue;
        }
        box<dynamic_rank> one{at, at};
        for (std::size_t d = 0; d < dimensions; ++d) ++one.hi[d];
        const int node = a.cut->owner_node(at);
        others.push_back({node, find_on_node(a, node, one).offset, i});
    }
    std::sort(others.begin(), others.end(), before);
    return others;
}

// Calls f(node, places from `base`, base, reach, elements) for runs of elements of one node.
template <class F>
void for_each_message(const std::vector<remote_element>& elements, std::size_t element_bytes,
                      F&& f) {
    const std::size_t most = at_once(element_bytes);
    std::vector<MPI_Aint> places;
    for (std::size_t begin = 0; begin < elements.size();) {
        std::size_t end = begin;
        places.clear();
        while (end < elements.size() && end - begin < most &&
               elements[end].node == elements[begin].node) {
            places.push_back(static_cast<MPI_Aint>(elements[end].offset - elements[begin].offset));
            ++end;
        }
        const std::size_t reach = static_cast<std::size_t>(places.back()) + element_bytes;
        f(elements[begin].node, std::span<const MPI_Aint>(places), elements[begin].offset, reach,
          std::span<const remote_element>(elements).subspan(begin, end - begin));
        begin = end;
    }
}

// Counts a call, if a report is wanted: `here` elements were accessed directly, `others` by
// messages. Some of the others may be this node's, too.
void count_call(const array_location& a, usage_kind kind, std::size_t here,
                const std::vector<remote_element>& others) {
    if (a.usage == nullptr) return;
    std::size_t away = 0;
    for (const remote_element& e : others) away += e.node != a.team->node() ? 1U : 0U;
    a.usage->add(kind, (here + others.size() - away) * a.element_bytes, away * a.element_bytes);
}

// Adds one element to this node's memory while accumulate takes locks.
void add_locked(const array_location& a, std::byte* element, const std::byte* value) {
    index_list one(1, 1), step(1, static_cast<index_t>(a.element_bytes));
    node_accumulate(header_of(a.where), a.kind, accumulate_op::sum, one, a.where.data,
                    static_cast<std::size_t>(element - a.where.data), step, value, step, nullptr);
}

} // namespace

void gather(const array_location& a, const index_t* places, index_t count, std::byte* to) {
    const std::size_t bytes = a.element_bytes;
    const auto local = [&](const std::byte* element, index_t i) {
        std::memcpy(to + static_cast<std::size_t>(i) * bytes, element, bytes);
    };
    const std::vector<remote_element> others = split(a, places, count, false, local);
    count_call(a, usage_kind::gather, static_cast<std::size_t>(count) - others.size(), others);
    std::vector<std::byte> staging(std::min(others.size(), at_once(bytes)) * bytes);
    for_each_message(
        others, bytes,
        [&](int node, std::span<const MPI_Aint> offsets, std::size_t base, std::size_t reach,
            std::span<const remote_element> elements) {
            const patch_type target(offsets, MPI_BYTE, bytes);
            const mpi_elements origin{MPI_BYTE, static_cast<int>(elements.size() * bytes)};
            a.where.rma->get(node, base, reach, target.elements(), staging.data(), origin);
            a.where.rma->complete_local();
            for (std::size_t i = 0; i < elements.size(); ++i)
                std::memcpy(to + static_cast<std::size_t>(elements[i].position) * bytes,
                            staging.data() + i * bytes, bytes);
        });
}

void scatter(const array_location& a, const index_t* places, index_t count, const std::byte* from) {
    const std::size_t bytes = a.element_bytes;
    const auto local = [&](std::byte* element, index_t i) {
        std::memcpy(element, from + static_cast<std::size_t>(i) * bytes, bytes);
    };
    std::vector<remote_element> others = split(a, places, count, false, local);
    const std::size_t here = static_cast<std::size_t>(count) - others.size();
    // Of several values for the same element the last one stays: unique() from the end keeps it.
    const auto first = std::unique(others.rbegin(), others.rend(),
                                   [](const auto& l, const auto& r) { return l.same_place(r); });
    others.erase(others.begin(), first.base());
    count_call(a, usage_kind::scatter, here, others);
    std::vector<std::byte> staging(std::min(others.size(), at_once(bytes)) * bytes);
    for_each_message(
        others, bytes,
        [&](int node, std::span<const MPI_Aint> offsets, std::size_t base, std::size_t reach,
            std::span<const remote_element> elements) {
            for (std::size_t i = 0; i < elements.size(); ++i)
                std::memcpy(staging.data() + i * bytes,
                            from + static_cast<std::size_t>(elements[i].position) * bytes, bytes);
            const patch_type target(offsets, MPI_BYTE, bytes);
            const mpi_elements origin{MPI_BYTE, static_cast<int>(elements.size() * bytes)};
            a.where.rma->put(node, base, reach, target.elements(), staging.data(), origin);
            a.where.rma->complete_local(); // before the buffer is filled again
        });
}

void scatter_add(const array_location& a, const index_t* places, index_t count,
                 const std::byte* from) {
    const std::size_t bytes = a.element_bytes;
    const run_kernel atomic = atomic_kernel(a.kind, accumulate_op::sum);
    const run_kernel plain = plain_kernel(a.kind, accumulate_op::sum);
    const auto step = static_cast<index_t>(bytes);
    if (a.is_one_node() && atomic != nullptr) claim_atomics(header_of(a.where));
    const auto local = [&](std::byte* element, index_t i) {
        const std::byte* const value = from + static_cast<std::size_t>(i) * bytes;
        if (atomic != nullptr)
            atomic(element, step, value, step, 1, nullptr);
        else
            add_locked(a, element, value);
    };
    std::vector<remote_element> others = split(a, places, count, !a.is_one_node(), local);
    const std::size_t here = static_cast<std::size_t>(count) - others.size();
    if (others.empty()) return count_call(a, usage_kind::scatter, here, others);

    // Values for the same element are added here.
    std::vector<std::byte> sums(others.size() * bytes);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < others.size(); ++i) {
        const std::byte* const value = from + static_cast<std::size_t>(others[i].position) * bytes;
        if (kept > 0 && others[kept - 1].same_place(others[i])) {
            plain(sums.data() + (kept - 1) * bytes, step, value, step, 1, nullptr);
            continue;
        }
        std::memcpy(sums.data() + kept * bytes, value, bytes);
        others[kept++] = others[i];
    }
    others.resize(kept);
    count_call(a, usage_kind::scatter, here, others);
    const settles_on_failure guard(a);
    const std::byte* next = sums.data();
    for_each_message(
        others, bytes,
        [&](int node, std::span<const MPI_Aint> offsets, std::size_t base, std::size_t reach,
            std::span<const remote_element> elements) {
            if (!is_combined_by_mpi(a.kind, accumulate_op::sum)) {
                locked_add(a, node, base, reach, offsets, next);
                next += elements.size() * bytes;
                return;
            }
            const patch_type target(offsets, to_mpi(a.kind), bytes);
            const mpi_elements origin{to_mpi(a.kind), static_cast<int>(elements.size())};
            a.where.rma->accumulate(node, base, reach, target.elements(), next, origin, MPI_SUM);
            next += elements.size() * bytes;
        });
    a.where.rma->complete_local();
    // Afterwards this rank reads its own node's elements by plain loads.
    a.where.rma->flush(a.team->node());
}

} // namespace nodespan::detail
