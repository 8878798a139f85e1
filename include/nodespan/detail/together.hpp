#pragma once

#include "nodespan/collectives.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace nodespan::detail {

/// The values of all ranks, by rank.
template <class T>
std::vector<T> all_gather(const team& team, const T& mine) {
    std::vector<T> all(static_cast<std::size_t>(team.size()), mine);
    const std::span bytes(reinterpret_cast<unsigned char*>(all.data()), all.size() * sizeof(T));
    const std::size_t begin = static_cast<std::size_t>(team.rank()) * sizeof(T);
    std::fill_n(bytes.begin(), begin, static_cast<unsigned char>(0));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin + sizeof(T)), bytes.end(),
              static_cast<unsigned char>(0));
    all_reduce(team, bytes); // one rank has each byte, all others have 0 there
    return all;
}

/// Throws on all ranks if one has an exception: there that exception, on other ranks
/// errc::peer_lost.
inline void throw_together(const team& team, const char* operation,
                           const std::exception_ptr& mine) {
    constexpr int nobody = std::numeric_limits<int>::max();
    const int who = all_reduce(team, mine ? team.rank() : nobody, accumulate_op::min);
    if (mine) std::rethrow_exception(mine);
    if (who != nobody)
        throw error(errc::peer_lost,
                    std::string(operation) + ": the program's function failed on rank " +
                        std::to_string(who),
                    true);
}

/// Throws on all ranks if one of them says no.
inline void require_on_all(const team& team, bool mine, errc code, const std::string& text) {
    if (all_reduce(team, mine ? 1 : 0, accumulate_op::min) == 0) throw error(code, text, true);
}

/// Throws errc::mismatched_arguments on all ranks if their values differ, bit by bit.
template <class T>
void require_same(const team& team, const char* operation, std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::uint64_t sum = 14695981039346656037u; // FNV-1a
    for (const std::byte one : std::as_bytes(values))
        sum = (sum ^ static_cast<std::uint64_t>(one)) * 1099511628211u;
    std::array<std::uint64_t, 2> both{sum, ~sum};
    all_reduce(team, both, accumulate_op::min);
    if (both[0] != ~both[1])
        throw error(errc::mismatched_arguments,
                    std::string(operation) + ": the ranks passed different arguments", true);
}

} // namespace nodespan::detail
