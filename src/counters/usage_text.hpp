#pragma once

#include "nodespan/box.hpp"
#include "usage_counters.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The content of a report: the counters of all ranks of a team, combined.
struct usage_summary {
    struct moved {
        std::uint64_t calls = 0, inside_bytes = 0, between_bytes = 0;
    };
    struct of_array {
        std::string name, type;
        index_list extents;
        std::uint64_t made = 0;
        std::uint64_t bytes = 0; // of one, on all nodes
        std::uint64_t locks = 0;
        double lock_seconds = 0;
        std::array<moved, usage_kinds> kinds;
        moved all() const noexcept;
    };
    struct of_rank {
        std::array<std::uint64_t, usage_waits> waits{};
        std::array<double, usage_waits> wait_seconds{};
        double lock_seconds = 0;
        std::uint64_t inside_bytes = 0, between_bytes = 0, peak_bytes = 0;
        double seconds = 0;
        double waited() const noexcept; // for ranks that were late, in all kinds of waits
    };

    int nodes = 1;
    std::vector<of_rank> ranks;
    std::vector<of_array> arrays;

    moved total(usage_kind kind) const noexcept;

    /// The rank for which the others wait: it waits least. Nothing if that does not matter, that
    /// is, unless the others wait longer, on average, by a hundredth of the team's time and a
    /// millisecond.
    std::optional<int> late_rank() const noexcept;

    /// How long the others wait on average. Needs two ranks or more.
    double others_wait(int rank) const noexcept;
};

/// Combines the numbers that `team_usage` copies: `by_rank` has the numbers of rank 0, of rank 1
/// and so on, `sums` the sum over the ranks for each entry of `counters`.
usage_summary summarise(const team_usage& counters, int nodes,
                        std::span<const std::uint64_t> by_rank,
                        std::span<const std::uint64_t> sums);

/// The report in lines for people, and as one line of JSON. Both end with a new line.
std::string to_text(const usage_summary& all);
std::string to_json(const usage_summary& all);

} // namespace nodespan::detail
