#pragma once

// The calls of map in which all ranks take part.

#include "nodespan/map.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace nodespan {

/// What all ranks send, each its items sorted by the nodes to which they belong, and how many for
/// each node: a row a rank. The ranks of a node take turns in dealing with what comes to it.
template <class K, class V>
template <class Item>
struct map<K, V>::batch {
    std::vector<std::size_t> order; // of my items: which of them is sent at which place
    array<Item, 1> items;
    std::vector<index_t> counts;

    /// Calls f(box) for each range of items that is for this rank to deal with.
    template <class F>
    void for_each_mine(F&& f) const {
        const team& everyone = items.get_team();
        const auto nodes = static_cast<std::size_t>(everyone.nodes());
        for (int rank = 0; rank < everyone.size(); ++rank) {
            if (rank % everyone.node_size() != everyone.node_rank()) continue;
            const index_t* const row = &counts[static_cast<std::size_t>(rank) * nodes];
            index_t begin = items.rank_box_of(rank).lo[0];
            for (int node = 0; node < everyone.node(); ++node) begin += row[node];
            const index_t count = row[everyone.node()];
            if (count > 0) f(box<1>{{begin}, {begin + count}});
        }
    }
};

template <class K, class V>
template <class Item>
typename map<K, V>::template batch<Item> map<K, V>::send(std::span<const K> keys,
                                                         const std::vector<Item>& items) const {
    const team& everyone = get_team();
    const auto nodes = static_cast<std::size_t>(everyone.nodes());
    array<index_t, 2> table(everyone, {everyone.size(), everyone.nodes()}, {.name = "map"});
    const view<index_t, 2> row = table.local();
    std::vector<int> node_of_key;
    for (const K& key : keys) {
        node_of_key.push_back(node_of(key));
        ++row(0, node_of_key.back());
    }
    table.fence();
    std::vector<std::size_t> order(keys.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return node_of_key[i]; });
    std::vector<Item> sorted;
    for (const std::size_t i : order) sorted.push_back(items[i]);
    const view<const Item, 1> mine(sorted.data(), {static_cast<index_t>(sorted.size())});
    batch<Item> result{std::move(order), array_from_parts(everyone, mine),
                       std::vector<index_t>(nodes * static_cast<std::size_t>(everyone.size()))};
    table.get({{0, 0}, table.extents()}, result.counts);
    table.fence(); // all ranks have read it
    return result;
}

template <class K, class V>
index_t map<K, V>::insert(std::span<const K> keys, std::span<const V> values) {
    const team& everyone = get_team();
    detail::require_on_all(everyone, keys.size() == values.size(), errc::size_mismatch,
                           "map::insert: not as many values as keys");
    const index_t before = count_->load();
    bool has_room = true;
    const auto try_insert = [&](const probing& at, const K& key, const V& value) {
        if (!has_room) return;
        try {
            insert_from(at, "insert", key, value, keep_old);
        } catch (const error& failure) {
            if (failure.code() != errc::no_capacity) throw;
            has_room = false;
        }
    };
    if (everyone.nodes() == 1) {
        probe_all(
            "insert", keys.size(), [&](std::size_t i) -> const K& { return keys[i]; },
            [&](std::size_t i, const probing& at) { try_insert(at, keys[i], values[i]); });
    } else {
        struct entry {
            K key;
            V value;
        };
        std::vector<entry> items;
        for (std::size_t i = 0; i < keys.size(); ++i) items.push_back({keys[i], values[i]});
        const batch<entry> all = send(keys, items);
        all.for_each_mine([&](const box<1>& part) {
            const std::vector<entry> mine = to_vector(all.items, part);
            probe_all(
                "insert", mine.size(), [&](std::size_t i) -> const K& { return mine[i].key; },
                [&](std::size_t i, const probing& at) {
                    try_insert(at, mine[i].key, mine[i].value);
                });
        });
    }
    slots_.fence();
    detail::require_on_all(everyone, has_room, errc::no_capacity,
                           "map::insert: a node has no place left for a key; make the map with a "
                           "larger capacity, or call compact() after erasing");
    return all_reduce(everyone, count_->load() - before);
}

template <class K, class V>
std::vector<std::optional<V>> map<K, V>::find(std::span<const K> keys) const {
    std::vector<std::optional<V>> result;
    result.reserve(keys.size());
    if (get_team().nodes() == 1) {
        probe_all(
            "find", keys.size(), [&](std::size_t i) -> const K& { return keys[i]; },
            [&](std::size_t i, const probing& at) { result.push_back(find_from(at, keys[i])); });
        return result;
    }
    struct answer {
        V value;
        bool is_there;
    };
    result.resize(keys.size());
    const batch<K> all = send(keys, std::vector<K>(keys.begin(), keys.end()));
    array<answer, 1> answers(get_team(), all.items.extents(), all.items.options());
    all.for_each_mine([&](const box<1>& part) {
        std::vector<answer> found;
        const std::vector<K> mine = to_vector(all.items, part);
        probe_all(
            "find", mine.size(), [&](std::size_t i) -> const K& { return mine[i]; },
            [&](std::size_t i, const probing& at) {
                const std::optional<V> value = find_from(at, mine[i]);
                found.push_back({value.value_or(V{}), value.has_value()});
            });
        answers.put(part, found);
    });
    answers.fence();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const answer& one = answers.local()(static_cast<index_t>(i));
        if (one.is_there) result[all.order[i]] = one.value;
    }
    return result;
}

template <class K, class V>
std::vector<std::pair<K, V>> map<K, V>::own_entries() const {
    std::vector<std::pair<K, V>> result;
    for_each([&](const K& key, const V& value) { result.emplace_back(key, value); });
    return result;
}

template <class K, class V>
std::pair<array<K, 1>, array<V, 1>> map<K, V>::entries() const {
    std::vector<K> keys;
    std::vector<V> values;
    for_each([&](const K& key, const V& value) {
        keys.push_back(key);
        values.push_back(value);
    });
    const index_t count = static_cast<index_t>(keys.size());
    return {array_from_parts(get_team(), view<const K, 1>(keys.data(), {count})),
            array_from_parts(get_team(), view<const V, 1>(values.data(), {count}))};
}

template <class K, class V>
void map<K, V>::clear() {
    slots_.fence();
    count_->store(0);
    std::memset(static_cast<void*>(slots_.local().data_handle()), 0,
                sizeof(slot) * static_cast<std::size_t>(slots_.local().size()));
    slots_.fence();
}

template <class K, class V>
void map<K, V>::compact() {
    slots_.fence();
    const std::vector<std::pair<K, V>> mine = own_entries();
    clear();
    for (const auto& [key, value] : mine) insert(key, value);
    slots_.fence();
}

} // namespace nodespan
