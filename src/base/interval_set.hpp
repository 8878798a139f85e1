#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>

namespace nodespan::detail {

/// A half-open range of bytes.
struct byte_range {
    std::size_t begin = 0;
    std::size_t end = 0;

    std::size_t bytes() const noexcept { return end > begin ? end - begin : 0; }
};

/// A set of byte offsets, kept as disjoint ranges. An operation costs O(log ranges), and O(1) for
/// each range that it touches.
class interval_set {
public:
    void add(byte_range range) {
        if (range.bytes() == 0) return;
        auto at = ranges_.upper_bound(range.begin);
        if (at != ranges_.begin() && std::prev(at)->second >= range.begin) --at;
        while (at != ranges_.end() && at->first <= range.end) {
            range = {std::min(range.begin, at->first), std::max(range.end, at->second)};
            total_ -= at->second - at->first;
            at = ranges_.erase(at);
        }
        ranges_.emplace(range.begin, range.end);
        total_ += range.bytes();
    }

    void remove(byte_range range) {
        if (range.bytes() == 0) return;
        auto at = ranges_.upper_bound(range.begin);
        if (at != ranges_.begin()) --at;
        while (at != ranges_.end() && at->first < range.end) {
            const byte_range old{at->first, at->second};
            if (old.end <= range.begin) {
                ++at;
                continue;
            }
            total_ -= old.bytes();
            at = ranges_.erase(at);
            add({old.begin, std::min(old.end, range.begin)});
            add({std::max(old.begin, range.end), old.end});
            at = ranges_.lower_bound(range.begin);
        }
    }

    /// Calls f(part) for every part of `range` that is in the set, ascending.
    template <class F>
    void for_each_in(byte_range range, F&& f) const {
        auto at = ranges_.upper_bound(range.begin);
        if (at != ranges_.begin()) --at;
        for (; at != ranges_.end() && at->first < range.end; ++at) {
            const byte_range part{std::max(range.begin, at->first),
                                  std::min(range.end, at->second)};
            if (part.bytes() > 0) f(part);
        }
    }

    /// Calls f(part) for every part of `range` that is not in the set, ascending.
    template <class F>
    void for_each_gap(byte_range range, F&& f) const {
        std::size_t from = range.begin;
        for_each_in(range, [&](byte_range part) {
            if (part.begin > from) f(byte_range{from, part.begin});
            from = part.end;
        });
        if (range.end > from) f(byte_range{from, range.end});
    }

    /// How many bytes are in the set.
    std::size_t total() const noexcept { return total_; }

private:
    std::map<std::size_t, std::size_t> ranges_; // begin -> end
    std::size_t total_ = 0;
};

} // namespace nodespan::detail
