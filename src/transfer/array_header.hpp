#pragma once

#include "arena.hpp"
#include "rma_gate.hpp"

#include <cstddef>

namespace nodespan::detail {

/// What every node keeps beside the elements of an array, at the same offset everywhere.
struct alignas(block_words::alignment) array_header {
    static constexpr std::size_t stripe_count = 8;

    block_words of_arena;
    mutex_words lock;
    gate_words gate;                   // orders this node's ranks and those of others
    mutex_words stripes[stripe_count]; // order accumulates onto this node's elements; over several
    gate_words combining_gate;         // nodes the first one does so, with this gate
    shared_word has_atomics;           // single atomic instructions change elements
};
static_assert(sizeof(array_header) <= block_words::bytes);

/// The header of an array, on this node.
inline array_header& header_of(const block& placed) noexcept {
    return *reinterpret_cast<array_header*>(placed.header);
}

} // namespace nodespan::detail
