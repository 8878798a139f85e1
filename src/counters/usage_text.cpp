#include "usage_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

namespace nodespan::detail {
namespace {

using json = nlohmann::ordered_json; // keys in the order written here
using moved = usage_summary::moved;

constexpr std::array<const char*, usage_kinds> kind_names = {
    "get", "put", "accumulate", "gather", "scatter", "atomics", "ghosts", "broadcast"};
constexpr std::array<const char*, usage_waits> wait_names = {"fence", "node_fence", "ghosts",
                                                             "collective"};

constexpr std::size_t shown_arrays = 10; // the largest
constexpr std::size_t shown_ranks = 16;

double seconds(std::uint64_t nanoseconds) {
    return 1e-9 * static_cast<double>(nanoseconds);
}

void add(moved& to, const moved& more) {
    to.calls += more.calls;
    to.inside_bytes += more.inside_bytes;
    to.between_bytes += more.between_bytes;
}

std::string bytes_text(std::uint64_t bytes) {
    if (bytes < 10'000) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes);
    const char* unit = "";
    for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
        value /= 1024;
        unit = next;
        if (value < 1000) break;
    }
    return fmt::format("{:.1f} {}", value, unit);
}

std::string time_text(double time) {
    if (time < 1e-3) return fmt::format("{:.1f} us", 1e6 * time);
    return time < 1 ? fmt::format("{:.1f} ms", 1e3 * time) : fmt::format("{:.2f} s", time);
}

std::string line(const std::string& what, const moved& how) {
    return fmt::format("  {:<12} {:>10} {:>14} {:>14}\n", what, how.calls,
                       bytes_text(how.inside_bytes), bytes_text(how.between_bytes));
}

std::string description(const usage_summary::of_array& a) {
    const std::string what = fmt::format("{}({{{}}})", a.type, fmt::join(a.extents, ", "));
    if (a.type.empty()) return a.name;
    return a.name.empty() ? what : fmt::format("{}: {}", a.name, what);
}

std::vector<const usage_summary::of_array*> largest_first(const usage_summary& all) {
    std::vector<const usage_summary::of_array*> result;
    for (const auto& a : all.arrays) result.push_back(&a);
    std::ranges::stable_sort(result, [](auto* l, auto* r) { return l->bytes > r->bytes; });
    return result;
}

std::string calls_text(const usage_summary& all) {
    std::string text = fmt::format("  {:<12} {:>10} {:>14} {:>14}\n", "", "calls", "inside nodes",
                                   "between nodes");
    moved sum;
    for (std::size_t kind = 0; kind < usage_kinds; ++kind) {
        const moved how = all.total(static_cast<usage_kind>(kind));
        if (how.calls != 0) text += line(kind_names[kind], how);
        add(sum, how);
    }
    return text + line("all", sum);
}

std::string waits_text(const usage_summary& all) {
    std::string text;
    for (std::size_t kind = 0; kind < usage_waits; ++kind) {
        std::uint64_t calls = 0;
        for (const auto& rank : all.ranks) calls = std::max(calls, rank.waits[kind]);
        if (calls == 0) continue;
        text += fmt::format("  {:<12} {:>10}  ", wait_names[kind], calls);
        if (all.ranks.size() <= shown_ranks) {
            for (const auto& rank : all.ranks) text += ' ' + time_text(rank.wait_seconds[kind]);
        } else {
            const auto by_time = [kind](const auto& l, const auto& r) {
                return l.wait_seconds[kind] < r.wait_seconds[kind];
            };
            const auto [least, most] = std::ranges::minmax_element(all.ranks, by_time);
            text += fmt::format(" {} (rank {}) to {} (rank {})",
                                time_text(least->wait_seconds[kind]), least - all.ranks.begin(),
                                time_text(most->wait_seconds[kind]), most - all.ranks.begin());
        }
        text += '\n';
    }
    if (!text.empty())
        text = fmt::format("  {:<12} {:>10}   waits, rank by rank\n", "", "calls") + text;
    if (const auto late = all.late_rank())
        text += fmt::format("  rank {} is late: it waits {}, the others {} each, in the mean\n",
                            *late, time_text(all.ranks[static_cast<std::size_t>(*late)].waited()),
                            time_text(all.others_wait(*late)));
    return text;
}

std::string arrays_text(const usage_summary& all) {
    if (all.arrays.empty()) return {};
    std::string text = fmt::format("  {:>14} {:>14} {:>14}  largest arrays\n", "bytes",
                                   "inside nodes", "between nodes");
    const auto sorted = largest_first(all);
    for (std::size_t i = 0; i < std::min(sorted.size(), shown_arrays); ++i) {
        const usage_summary::of_array& a = *sorted[i];
        text += fmt::format("  {:>14} {:>14} {:>14}  {}", bytes_text(a.bytes),
                            bytes_text(a.all().inside_bytes), bytes_text(a.all().between_bytes),
                            description(a));
        text += a.made > 1 ? fmt::format(", {} times\n", a.made) : "\n";
    }
    if (sorted.size() > shown_arrays)
        text += fmt::format("  and {} smaller\n", sorted.size() - shown_arrays);
    return text;
}

json to_object(const moved& how) {
    return {{"calls", how.calls},
            {"inside_bytes", how.inside_bytes},
            {"between_bytes", how.between_bytes}};
}

json to_object(const usage_summary::of_array& a) {
    json result{{"name", a.name},
                {"type", a.type},
                {"extents", std::vector<index_t>(a.extents.begin(), a.extents.end())},
                {"made", a.made},
                {"bytes", a.bytes}};
    for (std::size_t kind = 0; kind < usage_kinds; ++kind)
        if (a.kinds[kind].calls != 0) result[kind_names[kind]] = to_object(a.kinds[kind]);
    result["locks"] = {{"calls", a.locks}, {"seconds", a.lock_seconds}};
    return result;
}

json to_object(const usage_summary::of_rank& rank) {
    json result;
    for (std::size_t kind = 0; kind < usage_waits; ++kind)
        result[wait_names[kind]] = {{"calls", rank.waits[kind]},
                                    {"seconds", rank.wait_seconds[kind]}};
    result["lock_seconds"] = rank.lock_seconds;
    result["inside_bytes"] = rank.inside_bytes;
    result["between_bytes"] = rank.between_bytes;
    return result;
}

// Locks taken, and seconds in them.
std::pair<std::uint64_t, double> locks_of(const usage_summary& all) {
    std::pair<std::uint64_t, double> result;
    for (const auto& a : all.arrays) {
        result.first += a.locks;
        result.second += a.lock_seconds;
    }
    return result;
}

// The sum of the nodes' peaks, and the largest.
std::pair<std::uint64_t, std::uint64_t> peak_of(const usage_summary& all) {
    std::pair<std::uint64_t, std::uint64_t> result;
    for (const auto& rank : all.ranks) {
        result.first += rank.peak_bytes;
        result.second = std::max(result.second, rank.peak_bytes);
    }
    return result;
}

} // namespace

moved usage_summary::of_array::all() const noexcept {
    moved result;
    for (const moved& one : kinds) add(result, one);
    return result;
}

double usage_summary::of_rank::waited() const noexcept {
    return std::accumulate(wait_seconds.begin(), wait_seconds.end(), 0.0);
}

moved usage_summary::total(usage_kind kind) const noexcept {
    moved result;
    for (const of_array& a : arrays) add(result, a.kinds[static_cast<std::size_t>(kind)]);
    return result;
}

double usage_summary::others_wait(int rank) const noexcept {
    double sum = -ranks[static_cast<std::size_t>(rank)].waited();
    for (const of_rank& r : ranks) sum += r.waited();
    return sum / static_cast<double>(ranks.size() - 1);
}

std::optional<int> usage_summary::late_rank() const noexcept {
    if (ranks.size() < 2) return std::nullopt;
    const auto least = std::ranges::min_element(ranks, {}, &of_rank::waited);
    const int rank = static_cast<int>(least - ranks.begin());
    const double longer = others_wait(rank) - least->waited();
    if (longer < std::max(1e-3, 0.01 * ranks.front().seconds)) return std::nullopt;
    return rank;
}

usage_summary summarise(const team_usage& counters, int nodes,
                        std::span<const std::uint64_t> by_rank,
                        std::span<const std::uint64_t> sums) {
    usage_summary all;
    all.nodes = nodes;
    for (; !by_rank.empty(); by_rank = by_rank.subspan(team_usage::rank_numbers)) {
        auto& rank = all.ranks.emplace_back();
        for (std::size_t i = 0; i < usage_waits; ++i) {
            rank.waits[i] = by_rank[2 * i];
            rank.wait_seconds[i] = seconds(by_rank[2 * i + 1]);
        }
        const auto rest = by_rank.subspan(2 * usage_waits);
        rank.lock_seconds = seconds(rest[0]);
        rank.inside_bytes = rest[1];
        rank.between_bytes = rest[2];
        rank.peak_bytes = rest[3];
        rank.seconds = seconds(rest[4]);
    }
    for (const team_usage::entry& e : counters.entries()) {
        auto& a = all.arrays.emplace_back();
        a.name = e.name;
        a.type = e.type;
        a.extents = e.extents;
        a.made = e.made;
        a.bytes = sums[0];
        a.locks = sums[1];
        a.lock_seconds = seconds(sums[2]);
        for (std::size_t kind = 0; kind < usage_kinds; ++kind)
            a.kinds[kind] = {sums[3 + 3 * kind], sums[4 + 3 * kind], sums[5 + 3 * kind]};
        sums = sums.subspan(team_usage::entry_numbers);
    }
    return all;
}

std::string to_text(const usage_summary& all) {
    std::string text = fmt::format("nodespan: a team of {} rank{} on {} node{}, {}\n",
                                   all.ranks.size(), all.ranks.size() == 1 ? "" : "s", all.nodes,
                                   all.nodes == 1 ? "" : "s", time_text(all.ranks[0].seconds));
    text += calls_text(all) + waits_text(all);
    if (const auto [taken, time] = locks_of(all); taken != 0)
        text += fmt::format("  {:<12} {:>10}   {}, all ranks together\n", "locks", taken,
                            time_text(time));
    const auto [sum, largest] = peak_of(all);
    text += fmt::format("  memory: at most {} on a node, {} on all\n", bytes_text(largest),
                        bytes_text(sum));
    return text + arrays_text(all);
}

std::string to_json(const usage_summary& all) {
    json result{
        {"ranks", all.ranks.size()}, {"nodes", all.nodes}, {"seconds", all.ranks[0].seconds}};
    moved sum;
    json& calls = result["calls"] = json::object();
    for (std::size_t kind = 0; kind < usage_kinds; ++kind) {
        const moved how = all.total(static_cast<usage_kind>(kind));
        calls[kind_names[kind]] = to_object(how);
        add(sum, how);
    }
    const auto [taken, time] = locks_of(all);
    calls["locks"] = {{"calls", taken}, {"seconds", time}};
    result["inside_bytes"] = sum.inside_bytes;
    result["between_bytes"] = sum.between_bytes;
    const auto [peak, largest] = peak_of(all);
    result["peak_bytes"] = peak;
    result["peak_bytes_of_a_node"] = largest;
    const auto late = all.late_rank();
    result["late_rank"] = late ? json(*late) : json(nullptr);
    for (const auto& rank : all.ranks) result["by_rank"].push_back(to_object(rank));
    result["arrays"] = json::array();
    for (const auto* a : largest_first(all)) result["arrays"].push_back(to_object(*a));
    // A name that is no UTF-8 is no reason to fail.
    return result.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace nodespan::detail
