#pragma once

#include "handle.hpp"
#include "nodespan/compound_type.hpp"

#include <vector>

namespace nodespan::detail {

/// HDF5's type of elements as they lie in memory.
/// Errors: errc::io.
hdf5_handle native_type(const file_type& type);

/// The type of a file as a type of nodespan, whatever its byte order. If arrays do not have it,
/// kind is 0, and it has only a name. An enum counts as its integers.
/// Errors: errc::io.
file_type type_in_file(hid_t type);

/// Whether every value of the floating type `type` is one of `wanted`.
bool float_fits(hid_t type, hid_t wanted);

/// A dataspace of these extents; and the extents of a dataspace.
/// Errors: errc::io.
hdf5_handle space_of(const std::vector<hsize_t>& extents);
std::vector<hsize_t> extents_of(hid_t space);

inline std::vector<hsize_t> to_sizes(const index_list& values) {
    return {values.begin(), values.end()};
}

/// Selects `part` in a space whose first element is at `origin`; nothing for an empty part.
void select(const hdf5_handle& space, const box<dynamic_rank>& part, const index_list& origin);

} // namespace nodespan::detail
