#pragma once

#include "transfer.hpp"

namespace nodespan::detail {

// Patches of block-cyclic arrays. On each node a patch is one box of places, so that it travels as
// such a box does: through a copy, 256 KiB at a time, which has the places' order. Parts of this
// node are copied block by block. The same meanings as the functions of transfer.hpp, which call
// these.

void get_dealt(const array_location& a, const box<dynamic_rank>& patch, std::byte* to,
               const index_list& strides);
void put_dealt(const array_location& a, const box<dynamic_rank>& patch, const std::byte* from,
               const index_list& strides);
void accumulate_dealt(const array_location& a, const box<dynamic_rank>& patch, accumulate_op op,
                      const std::byte* from, const index_list& strides, const void* scale);

/// Points of a lattice are no box of places: they travel as lists.
void get_dealt(const array_location& a, const lattice& points, const index_list& extents,
               std::byte* to, const index_list& strides);
void put_dealt(const array_location& a, const lattice& points, const index_list& extents,
               const std::byte* from, const index_list& strides);

} // namespace nodespan::detail
