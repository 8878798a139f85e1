#pragma once

#include "source.hpp"

namespace nodespan::detail {

/// Memory with elements of type `native`, row-major, which has the dataset's element `origin`
/// first.
struct hdf5_target {
    hid_t native;
    std::vector<hsize_t> extents;
    index_list origin;
    void* data;
};

/// Reads a box of a dataset. What was never written becomes the fill value; zero where there is
/// none.
///
/// Chunks are unpacked one by one: HDF5 trusts them to be as long as the dataset says, when filters
/// are undone or as they are stored, and would give memory of its own for what is missing. So each
/// chunk's length is compared.
/// Call:   after require_stored.
/// Errors: errc::io.
void read_box(const hdf5_source& source, const box<dynamic_rank>& part, const hdf5_target& to);

} // namespace nodespan::detail
