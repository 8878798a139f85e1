#pragma once

#include "nodespan/collectives.hpp"
#include "nodespan/detail/together.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace nodespan {

/// Combines all ranks' values by a function of the program's own, element by element; the result
/// replaces the values on every rank.
/// Shape:  the same number of values of one trivially copyable type on all ranks; op(a, b) is
///         associative, and need not be commutative.
/// Call:   collective over the team. Not a fence.
/// Order:  that of the ranks, whichever node they are on. So if `op` is associative to the last
///         bit, the result does not depend on how values of one order are dealt to ranks.
/// Errors: errc::mismatched_arguments, on all ranks. What op throws, on that rank; the others get
///         errc::peer_lost, and the team lives on. errc::peer_lost, MPI category.
/// Cost:   three all_reduce calls, one of them of all ranks' values, up to 1 MiB at a time: meant
///         for some values a rank.
template <detail::writable_range R, class Op>
requires(std::invocable<Op&, const std::ranges::range_value_t<R>&,
                        const std::ranges::range_value_t<R>&>) void all_reduce(const team& team,
                                                                               R&& values, Op op) {
    using T = std::ranges::range_value_t<R>;
    static_assert(std::is_trivially_copyable_v<T>,
                  "all_reduce: T must be trivially copyable, since other processes see its bytes");
    const std::size_t count = std::ranges::size(values);
    const auto ranks = static_cast<std::size_t>(team.size());
    detail::require_same<std::size_t>(team, "all_reduce", std::span<const std::size_t>(&count, 1));
    constexpr std::size_t most_bytes = std::size_t{1} << 20;
    const std::size_t block = std::max<std::size_t>(1, most_bytes / (ranks * sizeof(T)));
    std::vector<unsigned char> all;
    std::vector<T> results(std::ranges::data(values), std::ranges::data(values) + count);
    std::exception_ptr failure;
    for (std::size_t begin = 0; begin < count; begin += block) {
        const std::size_t some = std::min(block, count - begin), bytes = some * sizeof(T);
        all.assign(ranks * bytes, 0); // one rank has each byte, all others have 0 there
        std::memcpy(&all[static_cast<std::size_t>(team.rank()) * bytes],
                    std::ranges::data(values) + begin, bytes);
        all_reduce(team, all);
        const auto value_of = [&](std::size_t rank, std::size_t i) {
            T value;
            std::memcpy(static_cast<void*>(&value), &all[rank * bytes + i * sizeof(T)], sizeof(T));
            return value;
        };
        try {
            for (std::size_t i = 0; i < some && !failure; ++i) {
                T result = value_of(0, i);
                for (std::size_t rank = 1; rank < ranks; ++rank)
                    result = op(std::as_const(result), value_of(rank, i));
                results[begin + i] = result;
            }
        } catch (...) {
            failure = std::current_exception();
        }
    }
    detail::throw_together(team, "all_reduce", failure);
    std::ranges::copy(results, std::ranges::data(values));
}

/// The same of one value, returned.
template <class T, class Op>
requires(std::is_trivially_copyable_v<T> && !detail::writable_range<T&> &&
         std::invocable<Op&, const T&, const T&>) [[nodiscard]] T
    all_reduce(const team& team, T value, Op op) {
    nodespan::all_reduce(team, std::span<T>(&value, 1), std::move(op));
    return value;
}

} // namespace nodespan
