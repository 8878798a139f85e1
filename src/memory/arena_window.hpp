#pragma once

#include "interval_set.hpp"
#include "range_allocator.hpp"
#include "rma_window.hpp"
#include "shared_window.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace nodespan::detail {

/// One of an arena's windows and a rank's records of it. They are the same on all ranks of a
/// node; of `space`, on all nodes.
struct arena_window {
    shared_window memory;
    std::unique_ptr<rma_window> rma; // over several nodes only
    range_allocator space{0};
    std::size_t blocks = 0; // in use
    interval_set backed;    // pages this node has memory for
    interval_set dirty;     // bytes that may not be zero

    bool is_there() const noexcept { return memory.data() != nullptr; }
    bool is_unused() const noexcept { return is_there() && blocks == 0; }

    /// Asks for the pages of a range that are not backed yet.
    /// Errors: errno, 0 if all are there.
    int back(byte_range range) const noexcept;

    /// Backs this rank's share of all that does not belong to the window's first block, in turn
    /// with the other ranks of its node.
    int back_the_rest(byte_range first_block, int node_rank, int node_size) const noexcept;

    /// Clears the bytes of a range that may not be zero.
    void clear(byte_range range) const noexcept;

    /// Frees the memory, and the window over nodes if there is one.
    /// Call:   collective over the team.
    void free() noexcept;
};

/// The whole pages that contain a range.
byte_range to_pages(byte_range range);

/// `bytes` rounded up to a whole number of `unit`.
std::size_t round_up(std::size_t bytes, std::size_t unit);

/// The size of a new window that must have room for `needed` bytes, beside other windows of `total`
/// bytes, where at most `most` bytes can be had. Windows that are backed as a whole grow in smaller
/// steps.
std::size_t window_bytes(std::size_t needed, std::size_t total, std::uint64_t most, bool is_whole);

/// How many bytes window number `number` leaves unused at its begin, so that blocks of several
/// windows do not lie powers of two apart. With 64 or 128 MiB and up to 8 KiB between two arrays, a
/// loop over both takes up to a fifth longer (measured on an EPYC); with 64 KiB more it does not.
std::size_t stagger(std::size_t number);

} // namespace nodespan::detail
