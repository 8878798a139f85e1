#pragma once

#include "nodespan/array.hpp"
#include "nodespan/creation.hpp"
#include "nodespan/detail/map_slot.hpp"
#include "nodespan/detail/together.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nodespan {

/// A hash map in the memory of the nodes: each key belongs to one node, whose ranks reach it by
/// loads, stores and an atomic instruction. Keys of other nodes go in batches.
///
/// K and V are trivially copyable, default constructible types; keys are equal if their bytes are,
/// so a key has no padding and is no floating-point number. Room is made once: an open addressing
/// table that does not grow. A key that was erased keeps its place, for itself only, until
/// compact().
/// Move-only; made and ended in the same order on all ranks, like arrays.
/// Epoch:  calls of one element need no fences among ranks of the node: they may come in any order,
///         and each takes effect at one moment. What a batch call has done is seen by all ranks.
template <class K, class V>
class map {
    static_assert(std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V>,
                  "map<K, V>: both must be trivially copyable, since other processes see them");
    static_assert(std::has_unique_object_representations_v<K>,
                  "map<K, V>: keys are compared by their bytes, so K has no padding and no "
                  "floating-point numbers");

public:
    /// An empty map with room for `capacity` keys, those that were erased included.
    /// Shape:  capacity >= 1. The table has half as many places more, and some for uneven luck
    ///         among the nodes.
    /// Call:   collective over the team, same capacity on all ranks.
    /// Errors: errc::invalid_argument (capacity), and as an array's; on all ranks.
    /// Cost:   as an array of 8 bytes, a key and a value (in words of 8 bytes) for each place.
    map(const team& team, index_t capacity)
        : capacity_(capacity),
          slots_(team, {places_for(team, capacity)}, // its name is compared between ranks
                 {.name = "map of " + std::to_string(capacity) + " keys"}) {}

    [[nodiscard]] index_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] team& get_team() { return slots_.get_team(); }
    [[nodiscard]] const team& get_team() const { return slots_.get_team(); }

    /// The node to which a key belongs, and whether it is this one.
    [[nodiscard]] int node_of(const K& key) const { return slots_.owner_node({place_of(key)}); }
    [[nodiscard]] bool is_here(const K& key) const {
        return slots_.node_box().contains(indices<1>{place_of(key)});
    }

    // Calls of one element. Any rank alone, keys of its node; any thread.
    // Errors: errc::not_on_node; errc::no_capacity from those that insert: nothing is lost then.
    // Cost:   a cache miss or two; where another rank changes the same key, a short wait.

    /// Inserts the value, unless the key is there. Returns whether it did.
    bool insert(const K& key, const V& value) {
        return insert_from(probe("insert", key), "insert", key, value, keep_old);
    }

    /// Inserts the value, or replaces the one that is there. Returns whether the key is new.
    bool assign(const K& key, const V& value) {
        return insert_from(probe("assign", key), "assign", key, value,
                           [&](const V&) { return std::optional<V>(value); });
    }

    /// The value, if the key is there.
    [[nodiscard]] std::optional<V> find(const K& key) const {
        return find_from(probe("find", key), key);
    }
    [[nodiscard]] bool contains(const K& key) const { return find(key).has_value(); }

    /// Replaces the value v by f(v), in one indivisible step. Returns whether the key was there.
    /// With an initial value, a key that is missing is inserted with it instead; then it returns
    /// whether the key was there as well.
    /// `f` is called again if another rank has changed the value meanwhile, and may throw; it does
    /// not use the map.
    template <std::invocable<const V&> F>
    bool update(const K& key, F&& f) {
        for (auto at = probe("update", key); at.is_inside(); at.next()) {
            for (;;) {
                const std::uint64_t word = at.place().look();
                if (slot::kind_of(word) == slot::empty) return false;
                if (!at.place().has(key)) break;
                if (slot::kind_of(word) == slot::erased) return false;
                if (const std::optional<V> value = at.place().value(word))
                    if (at.place().write(word, key, f(*value))) return true;
            }
        }
        return false;
    }
    template <std::invocable<const V&> F>
    bool update(const K& key, F&& f, const V& initial) {
        return !insert_from(probe("update", key), "update", key, initial,
                            [&](const V& value) { return std::optional<V>(f(value)); });
    }

    /// Takes the key away. Returns whether it was there.
    bool erase(const K& key) {
        for (auto at = probe("erase", key); at.is_inside(); at.next()) {
            for (;;) {
                const std::uint64_t word = at.place().look();
                if (slot::kind_of(word) == slot::empty) return false;
                if (!at.place().has(key)) break;
                if (slot::kind_of(word) == slot::erased) return false;
                if (!at.place().erase(word)) continue;
                count_->fetch_sub(1, std::memory_order_relaxed);
                return true;
            }
        }
        return false;
    }

    // Batches: collective over the team, each rank with its own keys, none too. Keys of other nodes
    // cross the network once, with one message from node to node and rank. All ranks see what they
    // have done.
    // Errors: errc::size_mismatch, errc::no_capacity, on all ranks; MPI category.
    // Cost:   on one node half of that of calls of one element where the table is larger than the
    //         caches; in smaller ones the vector of results costs more than the search.

    /// Inserts all that are not there yet; of equal keys one. Returns how many of all ranks' keys
    /// are new. If there is no room for all, those that fit are in, and all that was in before.
    index_t insert(std::span<const K> keys, std::span<const V> values);

    /// The values of the keys, in their order; nothing for those that are not there.
    [[nodiscard]] std::vector<std::optional<V>> find(std::span<const K> keys) const;

    /// How many keys there are.
    /// Call:   collective over the team, when no rank changes the map.
    [[nodiscard]] index_t size() const { return all_reduce(get_team(), count_->load()); }

    /// Calls f(key, value) for each key in this rank's share of the table.
    /// Call:   any rank alone: all ranks together see each key that is there all the while once.
    template <class F>
    void for_each(F&& f) const {
        const view<slot, 1> mine = const_cast<array<slot, 1>&>(slots_).local();
        for (index_t i = 0; i < mine.size(); ++i)
            if (const auto value = value_at(mine(i))) f(mine(i).key(), *value);
    }

    /// All keys, and all values in the same order, in new arrays of which each rank has what lies
    /// in its share of the table. insert() of their local() makes a map again, of any team.
    /// Call:   collective over the team, when no rank changes the map.
    [[nodiscard]] std::pair<array<K, 1>, array<V, 1>> entries() const;

    /// Makes the places of erased keys free again, or all.
    /// Call:   collective over the team. Ends an epoch; no rank uses the map meanwhile.
    /// Cost:   a pass over the table, memory for this rank's entries, and their insertion.
    void compact();
    void clear();

private:
    using slot = detail::map_slot<K, V>;

    // The places at which a key may be, one after the other, around the node's part of the table.
    class probing {
    public:
        probing() = default;
        probing(slot* first, index_t count, index_t begin)
            : first_(first),
              count_(count),
              at_(begin) {}
        bool is_inside() const { return passed_ < count_; }
        slot& place() const { return first_[at_]; }
        void next() {
            ++passed_;
            if (++at_ == count_) at_ = 0;
        }

    private:
        detail::map_slot<K, V>* first_ = nullptr;
        index_t count_ = 0, at_ = 0, passed_ = 0;
    };

    // Half as many again, and eight standard deviations of what falls on one rank.
    static index_t places_for(const team& team, index_t capacity) {
        if (capacity < 1 || capacity > (index_t{1} << 60))
            throw error(errc::invalid_argument,
                        "map(" + std::to_string(capacity) + "): a capacity is 1 to 2^60 keys");
        const double each = std::ceil(static_cast<double>(capacity) / team.size());
        return team.size() * static_cast<index_t>(std::ceil(1.5 * each + 8 * std::sqrt(each) + 16));
    }

    index_t place_of(const K& key) const {
        return detail::scaled_hash(detail::hash_of(key), places_);
    }

    probing probe(const char* operation, const K& key) const {
        detail::access::core(slots_).require_live(operation);
        const index_t place = place_of(key) - begin_;
        if (place < 0 || place >= count_here_) refuse_key(operation, key);
        return {here_, count_here_, place};
    }
    [[noreturn]] void refuse_key(const char* operation, const K& key) const {
        throw error(errc::not_on_node,
                    std::string("map::") + operation + "(): the key belongs to node " +
                        std::to_string(node_of(key)) + "; give it to a batch call of all ranks");
    }

    // Calls f(i, probing of key_of(i)) for i = 0 to count - 1. The places of a block of keys are on
    // their way from memory together, which takes little longer than one of them.
    template <class Key, class F>
    void probe_all(const char* operation, std::size_t count, Key&& key_of, F&& f) const {
        std::array<probing, 32> at;
        for (std::size_t begin = 0; begin < count; begin += at.size()) {
            const std::size_t in_block = std::min(at.size(), count - begin);
            for (std::size_t k = 0; k < in_block; ++k) {
                at[k] = probe(operation, key_of(begin + k));
                __builtin_prefetch(&at[k].place());
            }
            for (std::size_t k = 0; k < in_block; ++k) f(begin + k, at[k]);
        }
    }

    std::optional<V> find_from(probing at, const K& key) const {
        for (; at.is_inside(); at.next()) {
            for (;;) {
                const std::uint64_t word = at.place().look();
                if (slot::kind_of(word) == slot::empty) return std::nullopt;
                if (!at.place().has(key)) break;
                if (slot::kind_of(word) == slot::erased) return std::nullopt;
                if (const std::optional<V> value = at.place().value(word)) return value;
            }
        }
        return std::nullopt;
    }

    static std::optional<V> value_at(slot& place) {
        for (;;) {
            const std::uint64_t word = place.look();
            if (slot::kind_of(word) != slot::full) return std::nullopt;
            if (const std::optional<V> value = place.value(word)) return value;
        }
    }

    // Inserts `value`, or replaces the one that is there by what `change` gives of it, if anything.
    template <class Change>
    bool insert_from(probing at, const char* operation, const K& key, const V& value,
                     Change&& change) {
        for (; at.is_inside(); at.next()) {
            for (;;) {
                const std::uint64_t word = at.place().look();
                const bool is_empty = slot::kind_of(word) == slot::empty;
                if (!is_empty && !at.place().has(key)) break;
                if (is_empty || slot::kind_of(word) == slot::erased) {
                    if (!at.place().write(word, key, value)) continue;
                    count_->fetch_add(1, std::memory_order_relaxed);
                    return true;
                }
                const std::optional<V> old = at.place().value(word);
                if (!old) continue;
                const std::optional<V> next = change(*old);
                if (!next || at.place().write(word, key, *next)) return false;
            }
        }
        throw error(errc::no_capacity, std::string("map::") + operation + "(): all " +
                                           std::to_string(count_here_) +
                                           " places of this node are taken; make the map with a "
                                           "larger capacity, or call compact() after erasing");
    }

    template <class Item>
    struct batch;
    template <class Item>
    batch<Item> send(std::span<const K> keys, const std::vector<Item>& items) const;
    std::vector<std::pair<K, V>> own_entries() const;

    static std::optional<V> keep_old(const V&) { return std::nullopt; }

    index_t capacity_;
    array<slot, 1> slots_;
    // Of the table, which stays where it is. It is shared: whoever may look at a map may look at
    // its slots by atomic loads.
    slot* here_ = slots_.node().data_handle();
    index_t count_here_ = slots_.node().size();
    index_t begin_ = slots_.node_box().lo[0];
    index_t places_ = slots_.size();
    std::unique_ptr<std::atomic<index_t>> count_ = // what this rank has inserted, less erased
        std::make_unique<std::atomic<index_t>>(0);
};

} // namespace nodespan

#include "nodespan/detail/map_batches.hpp"
