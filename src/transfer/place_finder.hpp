#pragma once

#include "transfer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace nodespan::detail {

/// Finds where the elements of lists lie: a rank of the node that holds them, and their number in
/// that node's block. Each rank of a node is named for one stretch of its block, so that no two of
/// them change the same element; all ranks of the team find the same.
class place_finder {
public:
    /// Call:   any rank alone; no communication.
    /// Cost:   memory for each node; what is known of a node is found out when it is first needed.
    static std::unique_ptr<place_finder> of(const array_location& a);

    virtual ~place_finder() = default;

    /// Of `count` places, `dimensions` numbers each, that lie inside the array. Adds to `counts`,
    /// by rank, how many there are.
    /// Cost:   some nanoseconds a place where nodes have nearly equal boxes.
    virtual void find(const index_t* places, std::size_t count, std::uint32_t* rank,
                      index_t* element, std::uint64_t* counts) = 0;
};

} // namespace nodespan::detail
