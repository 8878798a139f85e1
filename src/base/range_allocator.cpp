#include "range_allocator.hpp"

#include <iterator>

namespace nodespan::detail {

range_allocator::range_allocator(std::size_t bytes) {
    if (bytes > 0) insert(0, bytes);
}

void range_allocator::insert(std::size_t offset, std::size_t bytes) {
    by_offset_.emplace(offset, bytes);
    by_size_.emplace(bytes, offset);
    free_bytes_ += bytes;
}

void range_allocator::erase(std::map<std::size_t, std::size_t>::iterator at) {
    free_bytes_ -= at->second;
    by_size_.erase({at->second, at->first});
    by_offset_.erase(at);
}

std::optional<std::size_t> range_allocator::allocate(std::size_t bytes, std::size_t alignment) {
    for (auto at = by_size_.lower_bound({bytes, 0}); at != by_size_.end(); ++at) {
        const auto [free_bytes, free_offset] = *at;
        const std::size_t offset = (free_offset + alignment - 1) / alignment * alignment;
        const std::size_t skipped = offset - free_offset;
        if (skipped + bytes > free_bytes) continue;
        erase(by_offset_.find(free_offset));
        if (skipped > 0) insert(free_offset, skipped);
        if (skipped + bytes < free_bytes) insert(offset + bytes, free_bytes - skipped - bytes);
        return offset;
    }
    return std::nullopt;
}

void range_allocator::free(std::size_t offset, std::size_t bytes) {
    auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.end() && offset + bytes == next->first) {
        bytes += next->second;
        erase(next++);
    }
    if (next != by_offset_.begin()) {
        const auto before = std::prev(next);
        if (before->first + before->second == offset) {
            offset = before->first;
            bytes += before->second;
            erase(before);
        }
    }
    insert(offset, bytes);
}

} // namespace nodespan::detail
