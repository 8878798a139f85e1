#pragma once

#include "nodespan/box.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>
#include <type_traits>

namespace nodespan::detail {

/// A place for one key of a map, in shared memory: a word that says what it holds, the key, the
/// value. A key that was once written stays until the whole table is made anew, so whoever has
/// seen it there may read it at any time. The value is written by whoever has set the word to
/// `busy`, which takes some stores; readers look at the word before and after. All accesses are
/// atomic, of whole words, so that the race checker knows them for what they are. Zero bytes are
/// an empty slot.
template <class K, class V>
class map_slot {
public:
    enum kind : std::uint64_t { empty = 0, busy = 1, full = 2, erased = 3 };
    static constexpr std::uint64_t kind_mask = 3, one_change = 4;

    static kind kind_of(std::uint64_t word) { return static_cast<kind>(word & kind_mask); }

    /// The word, while no rank is writing.
    std::uint64_t look() {
        for (int looks = 0;; ++looks) {
            const std::uint64_t word = state().load(std::memory_order_acquire);
            if (kind_of(word) != busy) return word;
            if (looks > 100) std::this_thread::yield(); // its writer may have lost its core
        }
    }

    /// Whether the key of a slot that is not empty is this one.
    bool has(const K& key) { return read<K>(key_) == words_of(key); }
    K key() { return made_of<K>(read<K>(key_)); }

    /// The value that belongs to this word; nothing if it has changed since.
    std::optional<V> value(std::uint64_t word) {
        const words<V> copy = read<V>(value_);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (state().load(std::memory_order_relaxed) != word) return std::nullopt;
        return made_of<V>(copy);
    }

    /// Writes the value, and the key where there was none, unless the word has changed meanwhile.
    bool write(std::uint64_t word, const K& key, const V& value) {
        if (!take(word)) return false;
        if (kind_of(word) == empty) store<K>(key_, key);
        store<V>(value_, value);
        release(word, full);
        return true;
    }

    bool erase(std::uint64_t word) {
        if (!take(word)) return false;
        release(word, erased);
        return true;
    }

private:
    template <class T>
    using words = std::array<std::uint64_t, (sizeof(T) + 7) / 8>;

    std::atomic_ref<std::uint64_t> state() { return std::atomic_ref(state_); }

    bool take(std::uint64_t word) {
        const bool is_mine = state().compare_exchange_strong(
            word, (word & ~kind_mask) | busy, std::memory_order_acquire, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release); // `busy` is seen before what follows
        return is_mine;
    }
    void release(std::uint64_t word, kind next) {
        state().store(((word & ~kind_mask) + one_change) | next, std::memory_order_release);
    }

    // The bytes behind the end of a value are zeros.
    template <class T>
    static words<T> words_of(const T& value) {
        words<T> result{};
        std::memcpy(result.data(), &value, sizeof(T));
        return result;
    }
    template <class T>
    static T made_of(const words<T>& from) {
        T result;
        std::memcpy(static_cast<void*>(&result), from.data(), sizeof(T));
        return result;
    }

    template <class T>
    static words<T> read(words<T>& from) {
        words<T> result;
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = std::atomic_ref(from[i]).load(std::memory_order_relaxed);
        return result;
    }
    template <class T>
    static void store(words<T>& to, const T& value) {
        const words<T> all = words_of(value);
        for (std::size_t i = 0; i < all.size(); ++i)
            std::atomic_ref(to[i]).store(all[i], std::memory_order_relaxed);
    }

    std::uint64_t state_;
    words<K> key_;
    words<V> value_;
};

/// Spreads all bits of a key over all bits of the result.
template <class K>
std::uint64_t hash_of(const K& key) {
    std::uint64_t words[(sizeof(K) + 7) / 8] = {};
    std::memcpy(words, &key, sizeof(K));
    std::uint64_t result = 0;
    for (std::uint64_t word : words) { // the finalizer of splitmix64
        word += result + 0x9e3779b97f4a7c15u;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
        word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
        result = word ^ (word >> 31);
    }
    return result;
}

/// A number below `count`, equally often for equally spread hashes; ascending with the hash.
inline index_t scaled_hash(std::uint64_t hash, index_t count) {
    __extension__ using wide = unsigned __int128;
    return static_cast<index_t>(
        static_cast<std::uint64_t>((static_cast<wide>(hash) * static_cast<wide>(count)) >> 64));
}

} // namespace nodespan::detail
