#pragma once

#include "source.hpp"

namespace nodespan::detail {

/// Row-major memory with elements of type `native`; the dataset's element `origin` is its first
/// one.
struct hdf5_target {
    hid_t native;
    std::vector<hsize_t> extents;
    index_list origin;
    void* data;
};

/// Reads a box of a dataset. Elements that were never written get the fill value, or zero if there
/// is none.
///
/// Chunks are unpacked one by one. HDF5 assumes that they are as long as the dataset says, and
/// would return its own memory for missing bytes. So the length of each chunk is compared first.
/// Call:   after require_stored.
/// Errors: errc::io.
void read_box(const hdf5_source& source, const box<dynamic_rank>& part, const hdf5_target& to);

} // namespace nodespan::detail
