#include "by_hand.hpp"

#include <nodespan/map.hpp>

#include <fmt/format.h>

#include <random>
#include <unordered_map>
#include <vector>

namespace nodespan::bench {
namespace {

using key_type = std::int64_t;

// Every rank inserts, or finds, as many keys as one process does in a map of its own.
void at_size(team& team, index_t size, lines& result) {
    map<key_type, key_type> ours(team, size * team.size());
    std::unordered_map<key_type, key_type> theirs;
    std::mt19937_64 random(static_cast<std::uint64_t>(team.rank() + 1));
    std::vector<key_type> keys; // of this node
    while (static_cast<index_t>(keys.size()) < size)
        if (const auto key = static_cast<key_type>(random()); ours.is_here(key))
            keys.push_back(key);
    const bool is_first = team.rank() == 0;
    const auto reference_find = [&](long count) {
        for (; is_first && count > 0; --count)
            for (const key_type key : keys) {
                const auto found = theirs.find(key);
                keep(found != theirs.end() ? found->second : 0);
            }
    };
    const std::string text = fmt::format("{} keys a rank", size);

    result.add(
        "map, insert", text, "std::unordered_map",
        [&](long count) {
            for (; count > 0; --count) {
                ours.clear();
                for (const key_type key : keys) ours.insert(key, key);
            }
        },
        [&](long count) {
            for (; is_first && count > 0; --count) {
                theirs = {};
                theirs.reserve(keys.size());
                for (const key_type key : keys) theirs.emplace(key, key);
            }
        });
    result.add(
        "map, find", text, "std::unordered_map",
        [&](long count) {
            for (; count > 0; --count)
                for (const key_type key : keys) keep(ours.find(key).value_or(0));
        },
        reference_find);
    result.add("map, find in a batch", text, "std::unordered_map",
               on_all(team, [&] { keep(ours.find(keys).data()); }), reference_find);
}

} // namespace

std::vector<measurement> measure_maps(team& team, int batches) {
    lines result(team, batches);
    for (const index_t size : {10'000, 1'000'000}) at_size(team, size, result);
    return result.take();
}

} // namespace nodespan::bench
