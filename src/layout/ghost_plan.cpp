#include "ghost_plan.hpp"

#include "nodespan/error.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace nodespan::detail {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw error(errc::invalid_argument, "ghosts: " + why);
}

template <class V>
void check_length(const char* name, const V& values, std::size_t dimensions) {
    if (!values.empty() && values.size() != dimensions)
        refuse(fmt::format("{} [{}] has {} entries for {} dimensions", name,
                           fmt::join(values, ", "), values.size(), dimensions));
}

// All shifts from first[d] to last[d] along each dimension; both are -1, 0 or 1.
struct shift_range {
    index_list first, last;
};

// The shifts that bring elements of the index space into `grown`, a box with ghosts.
shift_range shifts_into(const box<dynamic_rank>& grown, const index_list& extents,
                        const ghost_layers& ghosts) {
    const index_list none(static_cast<int>(extents.size()), 0);
    shift_range result{none, none};
    for (std::size_t d = 0; d < extents.size(); ++d) {
        if (!ghosts.periodic[d]) continue;
        if (grown.lo[d] < 0) result.first[d] = -1;
        if (grown.hi[d] > extents[d]) result.last[d] = 1;
    }
    return result;
}

index_list negated(index_list shift) {
    for (std::size_t d = 0; d < shift.size(); ++d) shift[d] = -shift[d];
    return shift;
}

// Calls f(shift, image) in ascending order of the image.
template <class F>
void for_each_shift(const shift_range& range, F&& f) {
    index_list shift = range.first;
    for (;;) {
        int image = 0;
        for (const index_t digit : shift) image = 3 * image + static_cast<int>(digit) + 1;
        f(shift, image);
        std::size_t d = shift.size();
        while (d > 0 && shift[d - 1] == range.last[d - 1]) {
            shift[d - 1] = range.first[d - 1];
            --d;
        }
        if (d == 0) return;
        ++shift[d - 1];
    }
}

// The elements that lie in `grown` after `shift`, one of its shifts_into. Beyond a periodic edge
// lie only ghosts, at most as many as there are elements. It is computed from this, and not by
// moving the whole box, since twice the extent can overflow.
box<dynamic_rank> shown_in(const box<dynamic_rank>& grown, const index_list& extents,
                           const index_list& shift) {
    box<dynamic_rank> result = grown;
    for (std::size_t d = 0; d < extents.size(); ++d) {
        if (shift[d] < 0)
            result.lo[d] = grown.lo[d] + extents[d];
        else
            result.lo[d] = shift[d] > 0 ? 0 : std::max<index_t>(grown.lo[d], 0);
        if (shift[d] > 0)
            result.hi[d] = grown.hi[d] - extents[d];
        else
            result.hi[d] = shift[d] < 0 ? extents[d] : std::min(grown.hi[d], extents[d]);
    }
    return result;
}

ghost_piece make_piece(int node, int image, const box<dynamic_rank>& source,
                       const index_list& shift, const index_list& extents) {
    ghost_piece piece{node, image, source, source};
    for (std::size_t d = 0; d < shift.size(); ++d) {
        piece.ghost.lo[d] += shift[d] * extents[d];
        piece.ghost.hi[d] += shift[d] * extents[d];
    }
    return piece;
}

} // namespace

bool ghost_layers::any() const {
    return std::any_of(width.begin(), width.end(), [](index_t layers) { return layers > 0; });
}

ghost_layers check_ghosts(const ghost_options& options, const index_list& extents) {
    std::vector<std::string_view> closed;
    for (const bool is : options.periodic) closed.emplace_back(is ? "true" : "false");
    check_length("width", options.width, extents.size());
    check_length("periodic", closed, extents.size());

    ghost_layers result{index_list(static_cast<int>(extents.size()), 0)};
    std::copy(options.periodic.begin(), options.periodic.end(), result.periodic.begin());
    index_t size = 1;
    bool too_large = false;
    for (std::size_t d = 0; d < options.width.size(); ++d) {
        const index_t width = options.width[d];
        if (width < 0) refuse(fmt::format("width {}: below 0", options.width));
        index_t both = 0, grown = 0;
        too_large |= __builtin_mul_overflow(width, 2, &both) ||
                     __builtin_add_overflow(extents[d], both, &grown) ||
                     __builtin_mul_overflow(size, std::max<index_t>(grown, 1), &size);
        result.width[d] = width;
    }
    if (too_large)
        refuse(fmt::format("width {} around extents {{{}}}: over 2^63 elements", options.width,
                           fmt::join(extents, ", ")));
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (result.periodic[d] && result.width[d] > extents[d])
            refuse(fmt::format("width {} is above extent {} of periodic dimension {}",
                               result.width[d], extents[d], d));
    return result;
}

box<dynamic_rank> with_ghosts(const box<dynamic_rank>& node_box, const ghost_layers& ghosts) {
    box<dynamic_rank> result = node_box;
    if (node_box.empty()) return result;
    for (std::size_t d = 0; d < ghosts.width.size(); ++d) {
        result.lo[d] -= ghosts.width[d];
        result.hi[d] += ghosts.width[d];
    }
    return result;
}

std::vector<ghost_piece> ghost_receives(const distribution& cut, const ghost_layers& ghosts,
                                        int node) {
    std::vector<ghost_piece> result;
    const index_list& extents = cut.extents();
    const box<dynamic_rank> grown = with_ghosts(cut.node_box(node), ghosts);
    if (grown.empty() || !ghosts.any()) return result;

    const index_list none(cut.dimensions(), 0);
    for_each_shift(shifts_into(grown, extents, ghosts), [&](const index_list& shift, int image) {
        cut.for_each_node(
            shown_in(grown, extents, shift), [&](int owner, const box<dynamic_rank>& source) {
                if (owner != node || shift != none)
                    result.push_back(make_piece(owner, image, source, shift, extents));
            });
    });
    return result;
}

// The view of the sender: if the box of a node, grown and shifted, overlaps mine, then the node has
// elements of mine among its ghosts, with the opposite shift.
std::vector<ghost_piece> ghost_sends(const distribution& cut, const ghost_layers& ghosts,
                                     int node) {
    std::vector<ghost_piece> result;
    const index_list& extents = cut.extents();
    const box<dynamic_rank> own = cut.node_box(node);
    if (own.empty() || !ghosts.any()) return result;

    const box<dynamic_rank> grown = with_ghosts(own, ghosts);
    const shift_range back = shifts_into(grown, extents, ghosts);
    const index_list none(cut.dimensions(), 0);
    const shift_range there{negated(back.last), negated(back.first)};
    for_each_shift(there, [&](const index_list& shift, int image) {
        const box<dynamic_rank> near = shown_in(grown, extents, negated(shift));
        cut.for_each_node(near, [&](int receiver, const box<dynamic_rank>&) {
            if (receiver == node && shift == none) return;
            const box<dynamic_rank> theirs = with_ghosts(cut.node_box(receiver), ghosts);
            const box<dynamic_rank> source = shown_in(theirs, extents, shift).intersection(own);
            result.push_back(make_piece(receiver, image, source, shift, extents));
        });
    });
    return result;
}

} // namespace nodespan::detail
