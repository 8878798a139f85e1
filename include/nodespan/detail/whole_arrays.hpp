#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/dtype.hpp"

#include <span>
#include <vector>

/// Calls on whole arrays whose types are known only at run time, as the calls of these names.

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Whether elements of this type can be sorted: all but complex numbers.
bool has_order(dtype type) noexcept;

/// Errors: errc::invalid_argument (more than one dimension, elements without an order), on all
///         ranks; as sort.
void sort(array_core& field, dtype type);

/// The same, and moves the elements of `values`, which are of 8 bytes, along.
void sort(array_core& keys, dtype type, array_core& values);

/// Errors: errc::invalid_argument (more than one dimension, bool), on all ranks; as cumsum.
void cumsum(const array_core& field, dtype type, array_core& out);

/// Errors: errc::invalid_argument (elements without an order), on all ranks; as argmin.
index_list place_of_best(const array_core& field, dtype type, accumulate_op op);

/// Errors: as above; as histogram.
std::vector<index_t> histogram(const array_core& field, dtype type, std::span<const double> edges);

} // namespace detail
} // namespace nodespan
