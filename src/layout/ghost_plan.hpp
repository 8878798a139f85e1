#pragma once

#include "nodespan/distribution.hpp"

#include <array>
#include <vector>

// Which elements a node copies from which other nodes into its ghosts. Pure arithmetic without MPI.
namespace nodespan::detail {

/// ghost_options checked against extents.
struct ghost_layers {
    index_list width;                            // one per dimension, 0 without ghosts
    std::array<bool, max_dimensions> periodic{}; // false behind the last dimension

    /// Whether there are ghosts at all.
    bool any() const;
};

/// Adds what `options` leaves out.
/// Errors: errc::invalid_argument names the values: a list of the wrong length, a width below 0, a
///         periodic dimension whose width is above its extent (an element would be its own
///         neighbour several times on one side), over 2^63 elements with the ghosts.
ghost_layers check_ghosts(const ghost_options& options, const index_list& extents);

/// A node's box with its ghosts: grown by the width on both sides of every dimension, past the
/// index space where it lies at an edge. An empty box stays as it is: no elements, no ghosts.
box<dynamic_rank> with_ghosts(const box<dynamic_rank>& node_box, const ghost_layers& ghosts);

/// Elements of one node of which another node keeps a copy, or the same node across a periodic
/// edge.
struct ghost_piece {
    /// The other node: the owner in `ghost_receives`, who keeps the copy in `ghost_sends`.
    int node = 0;

    /// Number of the shift from `source` to `ghost`, which is -1, 0 or 1 extents along each
    /// dimension: the digits shift[d] + 1 in base 3, dimension 0 first.
    int image = 0;

    box<dynamic_rank> source; ///< in the owner's, global indices
    box<dynamic_rank>
        ghost; ///< the same shifted, in the box with ghosts; can lie outside the extents

    friend bool operator==(const ghost_piece&, const ghost_piece&) = default;
};

/// What `node` receives into its ghosts, by ascending image, then owner. Every ghost that is a copy
/// of an element, corners included, lies in exactly one piece. Ghosts outside the index space, in a
/// dimension that is not periodic, are no copies: the program writes them. There is at most one
/// piece for an owner and an image, and it is also in the owner's `ghost_sends`. The layers must
/// have been checked against the extents of `cut`.
/// Cost:   O(dimensions) for each node and image within reach, however many nodes there are.
std::vector<ghost_piece> ghost_receives(const distribution& cut, const ghost_layers& ghosts,
                                        int node);

/// What `node` sends into others' ghosts (and its own), by ascending image, then receiver: the same
/// pieces as in their `ghost_receives`, at the same cost.
std::vector<ghost_piece> ghost_sends(const distribution& cut, const ghost_layers& ghosts, int node);

} // namespace nodespan::detail
