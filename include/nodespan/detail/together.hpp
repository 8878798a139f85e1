#pragma once

#include "nodespan/collectives.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <limits>
#include <span>
#include <string>
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

/// Throws on all ranks if their numbers are not the same.
inline void require_same(const team& team, const char* operation, std::span<const index_t> mine) {
    std::vector<index_t> least(mine.begin(), mine.end());
    for (const index_t x : mine) least.push_back(~x); // whose least is that of the largest
    all_reduce(team, least, accumulate_op::min);
    for (std::size_t i = 0; i < mine.size(); ++i)
        if (least[i] != ~least[mine.size() + i])
            throw error(errc::mismatched_arguments,
                        std::string(operation) + ": the ranks gave different arguments", true);
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

} // namespace nodespan::detail
