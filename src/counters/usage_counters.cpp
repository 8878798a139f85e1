#include "usage_counters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace nodespan::detail {

std::unique_ptr<team_usage> team_usage::if_wanted() noexcept try {
    const char* const value = std::getenv("NODESPAN_REPORT");
    if (value == nullptr || *value == '\0' || std::strcmp(value, "0") == 0) return nullptr;
    return std::make_unique<team_usage>(std::strcmp(value, "1") == 0 ? "" : value);
} catch (const std::exception&) {
    return nullptr;
}

team_usage::entry& team_usage::entry_for(const std::string& name, const std::string& type,
                                         const index_list& extents) {
    const std::string key = fmt::format("{}\n{}\n{}", name, type, fmt::join(extents, " "));
    const auto known = by_key_.find(key);
    if (known != by_key_.end()) return *known->second;
    if (entries_.size() > most_entries) return entries_.back();
    entry& fresh = entries_.emplace_back();
    if (entries_.size() > most_entries) {
        fresh.name = "all others";
        return fresh;
    }
    fresh.name = name;
    fresh.type = type;
    fresh.extents = extents;
    by_key_.emplace(key, &fresh);
    return fresh;
}

array_usage* team_usage::begin_array(const std::string& name, const std::string& type,
                                     const index_list& extents, std::size_t node_bytes) noexcept {
    live_bytes_ += node_bytes;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
    try {
        entry& mine = entry_for(name, type, extents);
        ++mine.made;
        mine.node_bytes = std::max<std::uint64_t>(mine.node_bytes, node_bytes);
        return &mine.usage;
    } catch (const std::exception&) {
        return nullptr;
    }
}

void team_usage::copy_rank_numbers(std::span<std::uint64_t> to, bool is_leader) const noexcept {
    std::uint64_t lock_ns = 0, inside_bytes = 0, between_bytes = 0;
    for (const entry& e : entries_) {
        lock_ns += e.usage.locks.waited_ns;
        for (std::size_t i = 0; i < array_usage::numbers; i += 3) {
            inside_bytes += e.usage[i + 1];
            between_bytes += e.usage[i + 2];
        }
    }
    for (std::size_t i = 0; i < usage_waits; ++i) {
        to[2 * i] = waits_[i];
        to[2 * i + 1] = waited_ns_[i];
    }
    const auto rest = to.subspan(2 * usage_waits);
    rest[0] = lock_ns;
    rest[1] = inside_bytes;
    rest[2] = between_bytes;
    rest[3] = is_leader ? peak_bytes_ : 0;
    rest[4] = since(start_);
}

void team_usage::copy_entry_numbers(std::span<std::uint64_t> to, bool is_first,
                                    bool is_leader) const noexcept {
    constexpr std::size_t first_collective = 3 * static_cast<std::size_t>(usage_kind::ghosts);
    std::size_t at = 0;
    for (const entry& e : entries_) {
        to[at++] = is_leader ? e.node_bytes : 0;
        to[at++] = e.usage.locks.taken;
        to[at++] = e.usage.locks.waited_ns;
        for (std::size_t i = 0; i < array_usage::numbers; ++i) {
            const bool is_others = i >= first_collective && i % 3 == 0 && !is_first;
            to[at++] = is_others ? 0 : e.usage[i];
        }
    }
}

} // namespace nodespan::detail
