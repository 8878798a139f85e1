#pragma once

#include "nodespan/box.hpp"
#include "nodespan/dtype.hpp"

#include <cstddef>

namespace nodespan::detail {

/// Whether numbers have to be turned round to get from memory to a file, or back.
bool needs_swap(byte_order in_file, dtype type);

/// Turns the bytes of every number round; of complex ones, of each part. In place.
void swap_bytes(std::byte* data, index_t count, dtype type);

} // namespace nodespan::detail
