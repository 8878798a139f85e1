#pragma once

#include <nodespan/array.hpp>
#include <nodespan/dtype.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace nodespan::convert {

/// What the elements are like; of complex ones, their magnitudes. Long doubles hold every 64-bit
/// integer.
struct statistics {
    std::int64_t count = 0; ///< NaNs not included, as in all below
    std::int64_t nans = 0;
    long double least = std::numeric_limits<long double>::infinity();
    long double most = -std::numeric_limits<long double>::infinity();
    long double sum = 0;

    /// Adds one number.
    void add(long double x) {
        if (std::isnan(x)) {
            ++nans;
            return;
        }
        ++count;
        least = x < least ? x : least;
        most = x > most ? x : most;
        sum += x;
    }

    /// Adds as many as a sum of the elements' own kind holds well: much faster than one by one.
    template <class T>
    void add_block(std::span<const T> block) {
        using wide = std::conditional_t<std::integral<T> && sizeof(T) < 8, std::int64_t,
                                        std::conditional_t<std::integral<T>, long double, double>>;
        using limits = std::numeric_limits<T>;
        T lo = limits::has_infinity ? limits::infinity() : limits::max();
        T hi = limits::has_infinity ? static_cast<T>(-limits::infinity()) : limits::lowest();
        wide total = 0;
        std::int64_t numbers = 0;
        for (const T x : block) {
            const bool is_number = x == x;
            numbers += is_number;
            total += is_number ? static_cast<wide>(x) : wide{0};
            lo = x < lo ? x : lo;
            hi = x > hi ? x : hi;
        }
        if (numbers > 0) {
            least = std::min(least, static_cast<long double>(lo));
            most = std::max(most, static_cast<long double>(hi));
        }
        count += numbers;
        nans += static_cast<std::int64_t>(block.size()) - numbers;
        sum += static_cast<long double>(total);
    }
};

/// Of all ranks' together. Call: collective.
statistics add_up(const statistics& mine, team& everyone);

/// Of the whole array. Call: collective, in an epoch in which nobody writes.
template <has_dtype T, int N>
statistics statistics_of(const array<T, N>& a, team& everyone) {
    constexpr std::size_t at_once = 4096;
    statistics mine;
    const std::span<const T> all = a.local().span();
    for (std::size_t at = 0; at < all.size(); at += at_once) {
        const auto block = all.subspan(at, std::min(at_once, all.size() - at));
        if constexpr (requires { typename T::value_type; }) {
            for (const T& x : block) mine.add(std::abs(std::complex<long double>(x)));
        } else {
            mine.add_block(block);
        }
    }
    return add_up(mine, everyone);
}

} // namespace nodespan::convert
