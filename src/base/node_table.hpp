#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nodespan::detail {

/// A table from the number of a node to a value. Nodes without a value cost nothing, however many
/// there are. The table grows with the largest number of nodes that had a value at the same time,
/// and keeps that memory, so that a program's inner loop allocates nothing.
///
/// Pointers and references stay valid until a value is made or erased.
template <class Value>
class node_table {
public:
    /// The value of a node, or null if it has none.
    /// Cost:   O(1).
    Value* find(int node) noexcept {
        if (slots_.empty()) return nullptr;
        slot& found = slots_[slot_of(node)];
        return found.node == node ? &found.value : nullptr;
    }

    /// The value of a node; makes one if the node has none.
    Value& operator[](int node) {
        if (Value* const known = find(node)) return *known;
        if (2 * (size_ + 1) > slots_.size()) grow();
        slot& made = slots_[slot_of(node)];
        made = {node, Value{}};
        ++size_;
        return made.value;
    }

    /// Removes the value of a node, if it has one. Later entries move up into the gap, so that no
    /// search stops at it too early.
    void erase(int node) noexcept {
        if (find(node) == nullptr) return;
        std::size_t hole = slot_of(node);
        slots_[hole] = {};
        --size_;
        for (std::size_t at = next(hole); slots_[at].node != nobody; at = next(at)) {
            const std::size_t home = home_of(slots_[at].node);
            if (distance(home, at) < distance(hole, at))
                continue; // a search for this one begins behind the gap
            slots_[hole] = std::exchange(slots_[at], {});
            hole = at;
        }
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

private:
    static constexpr int nobody = -1;
    static constexpr std::size_t least_slots = 16;
    struct slot {
        int node = nobody;
        Value value{};
    };

    // Slots are a power of two, less than half of them in use.
    std::size_t home_of(int node) const noexcept {
        const auto mixed =
            static_cast<std::uint64_t>(node) * 0x9E3779B97F4A7C15U; // 2^64 / golden ratio
        return static_cast<std::size_t>(mixed >> 32U) & (slots_.size() - 1);
    }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }
    std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return (to - from) & (slots_.size() - 1);
    }

    // The slot in which the node is, or the free slot in which it would be.
    std::size_t slot_of(int node) const noexcept {
        std::size_t at = home_of(node);
        while (slots_[at].node != nobody && slots_[at].node != node) at = next(at);
        return at;
    }

    void grow() {
        std::vector<slot> old(slots_.empty() ? least_slots : 2 * slots_.size());
        old.swap(slots_);
        for (slot& moved : old)
            if (moved.node != nobody) slots_[slot_of(moved.node)] = std::move(moved);
    }

    std::vector<slot> slots_;
    std::size_t size_ = 0;
};

} // namespace nodespan::detail
