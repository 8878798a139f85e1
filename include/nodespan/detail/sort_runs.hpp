#pragma once

#include "nodespan/detail/sort_key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

/// What sort does in one rank's memory.

namespace nodespan::detail {

/// Sorts the elements of `from` stably into `to`, which is as long, by the bytes of key(element),
/// lowest first; `from` is overwritten. Bytes that all keys share cost nothing.
template <class R, class Key>
void radix_sort(std::span<R> from, std::span<R> to, Key key) {
    using bits = decltype(key(from[0]));
    constexpr std::size_t digits = sizeof(bits);
    constexpr auto digit_of = [](bits word, std::size_t digit) {
        return static_cast<std::size_t>((word >> (8 * digit)) & 0xff);
    };
    std::array<std::array<std::size_t, 256>, digits> counts{};
    for (const R& element : from) {
        const bits word = key(element);
        for (std::size_t d = 0; d < digits; ++d) ++counts[d][digit_of(word, d)];
    }
    R *source = from.data(), *target = to.data();
    for (std::size_t d = 0; d < digits; ++d) {
        std::array<std::size_t, 256>& places = counts[d];
        if (std::ranges::count(places, from.size()) > 0) continue;
        std::size_t begin = 0;
        for (std::size_t& place : places) begin += std::exchange(place, begin);
        for (std::size_t i = 0; i < from.size(); ++i)
            target[places[digit_of(key(source[i]), d)]++] = source[i];
        std::swap(source, target);
    }
    if (source != to.data()) std::copy_n(source, from.size(), to.data());
}

/// Merges two sorted runs; of equal elements those of `a` come first.
template <class R, class Less>
R* merge_two(std::span<const R> a, std::span<const R> b, R* to, Less& less) {
    const R *x = a.data(), *y = b.data();
    const R *const x_end = x + a.size(), *const y_end = y + b.size();
    while (x != x_end && y != y_end) { // without branches on what the elements are
        const bool is_second = less(*y, *x);
        *to++ = is_second ? *y : *x;
        y += is_second;
        x += !is_second;
    }
    return std::copy(y, y_end, std::copy(x, x_end, to));
}

/// Merges sorted runs two by two into `to`; of equal elements those of earlier runs come first.
/// `spare` has as much room as `to`; it is not used for up to two runs.
template <class R, class Less>
void merge_runs(std::span<const std::span<const R>> runs, R* to, R* spare, Less& less) {
    if (runs.empty()) return;
    if (runs.size() == 1) {
        std::copy(runs[0].begin(), runs[0].end(), to);
    } else if (runs.size() == 2) {
        merge_two(runs[0], runs[1], to, less);
    } else {
        const auto first = runs.first(runs.size() / 2), second = runs.subspan(runs.size() / 2);
        std::size_t count = 0, others = 0;
        for (const auto& run : first) count += run.size();
        for (const auto& run : second) others += run.size();
        merge_runs(first, spare, to, less);
        merge_runs(second, spare + count, to + count, less);
        merge_two(std::span<const R>(spare, count), std::span<const R>(spare + count, others), to,
                  less);
    }
}

/// How records are ordered: by `less` of what key_of(record) gives. Calls merge and search by it.
template <class R, class KeyOf, class Less>
struct record_order {
    KeyOf key_of;
    Less less;

    using key_type = std::remove_cvref_t<std::invoke_result_t<KeyOf&, const R&>>;
    static constexpr bool is_by_bits = requires(const key_type& key) { Less::bits(key); };

    bool operator()(const R& a, const R& b) {
        if constexpr (is_by_bits)
            return Less::bits(key_of(a)) < Less::bits(key_of(b));
        else
            return static_cast<bool>(less(key_of(a), key_of(b)));
    }

    /// Sorts `from` stably into `to`; afterwards `from` is unspecified.
    void sort(std::span<R> from, std::span<R> to) {
        constexpr std::size_t few = 200; // below this, counting bytes costs more
        if constexpr (is_by_bits)
            if (from.size() > few)
                return radix_sort(from, to, [this](const R& r) { return Less::bits(key_of(r)); });
        std::copy(from.begin(), from.end(), to.begin());
        std::stable_sort(to.begin(), to.end(), std::ref(*this));
    }
};

} // namespace nodespan::detail
