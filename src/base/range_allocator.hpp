#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace nodespan::detail {

/// Hands out ranges of [0, bytes) and takes them back. Chooses the smallest free range that fits,
/// and joins neighbouring free ranges.
///
/// It touches no memory but its own, and its results depend only on the sequence of calls: ranks
/// that make the same calls get the same offsets without communication.
class range_allocator {
public:
    explicit range_allocator(std::size_t bytes);

    /// Returns the offset of a free range, a multiple of `alignment`; nothing if no free range is
    /// large enough. Needs bytes > 0.
    /// Cost:   O(log n) for n free ranges, as a rule.
    std::optional<std::size_t> allocate(std::size_t bytes, std::size_t alignment);

    /// Takes back what `allocate` gave.
    void free(std::size_t offset, std::size_t bytes);

    std::size_t free_bytes() const noexcept { return free_bytes_; }

private:
    void insert(std::size_t offset, std::size_t bytes);
    void erase(std::map<std::size_t, std::size_t>::iterator at);

    std::map<std::size_t, std::size_t> by_offset_;          // offset -> bytes
    std::set<std::pair<std::size_t, std::size_t>> by_size_; // (bytes, offset)
    std::size_t free_bytes_ = 0;
};

} // namespace nodespan::detail
