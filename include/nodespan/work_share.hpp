#pragma once

#include "nodespan/box.hpp"
#include "nodespan/counter.hpp"
#include "nodespan/detail/together.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <exception>
#include <string>

namespace nodespan {

/// Calls f for all indices of `range`, on whichever rank is free: f(index), or f(box<1>) for up to
/// `chunk` indices at once.
/// Call:   collective over the team, same arguments on all ranks. Ends with a fence.
/// Order:  ascending on each rank. Which rank gets which indices differs from run to run.
/// Errors: errc::invalid_argument (chunk below 1), on all ranks. If f throws, that rank takes no
///         more work, and others do the rest. At the end that rank throws what f threw, the others
///         errc::peer_lost with its number, and the team lives on.
/// Cost:   a counter for the call. One node: an atomic instruction for each chunk. Several: a round
///         trip for as many chunks as a node has ranks. So ranks finish within about one chunk of
///         each other.
template <class F>
void work_share(team& team, const box<1>& range, index_t chunk, F&& f);

template <class F>
void work_share(team& team, const box<1>& range, index_t chunk, F&& f) {
    if (chunk < 1)
        throw error(errc::invalid_argument,
                    "work_share: chunks of " + std::to_string(chunk) + " indices");
    int ranks = 0; // of the largest node
    for (int node = 0; node < team.nodes(); ++node)
        ranks = std::max(ranks, team.placement().node_size(node));
    // What is counted are chunks, which numbers never run out of, wherever the range may lie.
    const auto begin = static_cast<std::uint64_t>(range.lo[0]);
    const std::uint64_t size = range.empty() ? 0 : static_cast<std::uint64_t>(range.hi[0]) - begin;
    const auto step = static_cast<std::uint64_t>(chunk);
    const std::uint64_t chunks = size / step + (size % step != 0 ? 1 : 0);
    counter tickets(team, 0, ranks);
    std::exception_ptr failure;
    try {
        for (auto k = static_cast<std::uint64_t>(tickets.take().lo[0]); k < chunks;
             k = static_cast<std::uint64_t>(tickets.take().lo[0])) {
            const std::uint64_t first = begin + k * step;
            const std::uint64_t count = std::min(step, size - k * step);
            const box<1> part{{static_cast<index_t>(first)}, {static_cast<index_t>(first + count)}};
            if constexpr (std::invocable<F&, const box<1>&>)
                f(part);
            else
                for (index_t i = part.lo[0]; i < part.hi[0]; ++i) f(i);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    team.fence();
    detail::throw_together(team, "work_share", failure);
}

} // namespace nodespan
