#pragma once

#include "arena.hpp"
#include "rma_gate.hpp"

#include <cstddef>

namespace nodespan::detail {

/// What every node keeps beside an array's elements, at the same offset everywhere.
struct alignas(block_words::alignment) array_header {
    static constexpr std::size_t stripe_count = 8;

    block_words of_arena;
    mutex_words lock;
    gate_words gate;                   // between this node's ranks and others that want the lock
    mutex_words stripes[stripe_count]; // order accumulates onto this node's elements; over several
    gate_words combining_gate;         // nodes the first one does, with this gate
    shared_word has_atomics;           // elements are changed by single atomic instructions
};
static_assert(sizeof(array_header) <= block_words::bytes);

/// The header of an array, on this node.
inline array_header& header_of(const block& placed) noexcept {
    return *reinterpret_cast<array_header*>(placed.header);
}

} // namespace nodespan::detail
