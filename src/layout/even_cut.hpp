#pragma once

namespace nodespan::detail {

/// Where piece `k` of `n` nearly equal pieces of `total` begins: floor(total * k / n); for k == n,
/// the end. Does not form the product, which could overflow. Needs 0 <= k <= n, n >= 1, and n * n
/// within the range.
template <class Integer>
constexpr Integer even_cut(Integer total, Integer k, Integer n) noexcept {
    return total / n * k + total % n * k / n;
}

} // namespace nodespan::detail
