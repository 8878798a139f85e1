#pragma once

#include <nodespan/array.hpp>
#include <nodespan/number_type.hpp>

#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>

namespace nodespan::convert {

/// What the elements are like; of complex ones, their magnitudes. Long doubles hold every 64-bit
/// integer.
struct statistics {
    std::int64_t count = 0; ///< NaNs not included, as in all below
    std::int64_t nans = 0;
    long double least = std::numeric_limits<long double>::infinity();
    long double most = -std::numeric_limits<long double>::infinity();
    long double sum = 0;

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
};

/// Of all ranks' together. Call: collective.
statistics add_up(const statistics& mine, team& everyone);

/// Of the whole array. Call: collective, in an epoch in which nobody writes.
template <number T, int N>
statistics statistics_of(const array<T, N>& a, team& everyone) {
    statistics mine;
    for (const T& x : a.local().span()) {
        if constexpr (requires { typename T::value_type; })
            mine.add(std::abs(std::complex<long double>(x)));
        else
            mine.add(static_cast<long double>(x));
    }
    return add_up(mine, everyone);
}

} // namespace nodespan::convert
