#pragma once

#include "nodespan/box.hpp"
#include "nodespan/mutex.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The calls that a usage report tells apart. Those from `ghosts` on are collective.
enum class usage_kind { get, put, accumulate, gather, scatter, atomic, ghosts, broadcast };
inline constexpr std::size_t usage_kinds = 8;

/// Where a rank waits for others.
enum class usage_wait { fence, node_fence, ghosts, collective };
inline constexpr std::size_t usage_waits = 4;

/// What one rank has done with an array, or with several arrays that share an entry. Several
/// threads may count at once.
class array_usage {
public:
    /// A call that moved so many bytes inside this node, and so many between nodes.
    void add(usage_kind kind, std::uint64_t inside_bytes, std::uint64_t between_bytes) noexcept {
        const std::size_t at = 3 * static_cast<std::size_t>(kind);
        counts_[at].fetch_add(1, std::memory_order_relaxed);
        counts_[at + 1].fetch_add(inside_bytes, std::memory_order_relaxed);
        counts_[at + 2].fetch_add(between_bytes, std::memory_order_relaxed);
    }

    /// Calls, bytes inside nodes, bytes between nodes, kind by kind.
    static constexpr std::size_t numbers = 3 * usage_kinds;
    std::uint64_t operator[](std::size_t number) const noexcept { return counts_[number]; }

    lock_usage locks;

private:
    std::array<std::atomic<std::uint64_t>, numbers> counts_{};
};

/// The counters that a rank keeps for a team, if a report is wanted.
///
/// Arrays with the same name, type and extents share an entry, and the number of entries is
/// bounded, so that programs that make arrays all the time do not fill the memory. All ranks have
/// the same entries, since they make the same arrays.
class team_usage {
public:
    /// Returns counters if NODESPAN_REPORT is set, and neither empty nor 0; otherwise, or if there
    /// is no memory for them, null.
    static std::unique_ptr<team_usage> if_wanted() noexcept;

    explicit team_usage(const std::string& file) : file_(file) {}

    /// Where the report goes; empty for standard error.
    const std::string& file() const noexcept { return file_; }

    /// What all arrays that share an entry have in common, and their sums.
    struct entry {
        std::string name, type;
        index_list extents;
        std::uint64_t made = 0;
        std::uint64_t node_bytes = 0; // on this node, of the largest of them
        array_usage usage;
    };
    static constexpr std::size_t most_entries = 256; // and one for all others

    /// Notes an array that begins, with so many bytes on this node. Null if there is no memory for
    /// the counters.
    array_usage* begin_array(const std::string& name, const std::string& type,
                             const index_list& extents, std::size_t node_bytes) noexcept;
    void end_array(std::size_t node_bytes) noexcept { live_bytes_ -= node_bytes; }
    const std::deque<entry>& entries() const noexcept { return entries_; }

    /// Runs what may wait for other ranks.
    template <class Body>
    void time(usage_wait kind, Body&& body, unsigned calls = 1) {
        const auto start = clock::now();
        body();
        waits_[static_cast<std::size_t>(kind)].fetch_add(calls, std::memory_order_relaxed);
        waited_ns_[static_cast<std::size_t>(kind)].fetch_add(since(start),
                                                             std::memory_order_relaxed);
    }

    /// What a report says of each rank: calls and nanoseconds of each wait, nanoseconds in locks,
    /// bytes inside and between nodes, peak bytes (of the node, and from its leader alone),
    /// nanoseconds since the team began.
    static constexpr std::size_t rank_numbers = 2 * usage_waits + 5;
    void copy_rank_numbers(std::span<std::uint64_t> to, bool is_leader) const noexcept;

    /// What a report says about the sum over the ranks: for each entry the bytes of nodes, how
    /// often locks were taken, nanoseconds in them, and the numbers of its array_usage. For
    /// collective calls only rank 0's are counted, so that they count once; for bytes of nodes only
    /// the leaders'.
    static constexpr std::size_t entry_numbers = 3 + array_usage::numbers;
    void copy_entry_numbers(std::span<std::uint64_t> to, bool is_first,
                            bool is_leader) const noexcept;

private:
    using clock = std::chrono::steady_clock;
    static std::uint64_t since(clock::time_point start) {
        using namespace std::chrono;
        return static_cast<std::uint64_t>(duration_cast<nanoseconds>(clock::now() - start).count());
    }
    entry& entry_for(const std::string& name, const std::string& type, const index_list& extents);

    std::string file_;
    clock::time_point start_ = clock::now();
    std::array<std::atomic<std::uint64_t>, usage_waits> waits_{}, waited_ns_{};
    std::deque<entry> entries_; // stay where they are
    std::map<std::string, entry*> by_key_;
    std::uint64_t live_bytes_ = 0, peak_bytes_ = 0; // on this node
};

/// Runs a call that may wait for other ranks, and measures its time if there are counters.
template <class Body>
void timed(team_usage* counters, usage_wait kind, Body&& body) {
    if (counters != nullptr) [[unlikely]]
        counters->time(kind, body);
    else
        body();
}

} // namespace nodespan::detail
