#pragma once

#include "collective_io.hpp"
#include "handle.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/hdf5_writer.hpp"

#include <functional>

namespace nodespan::detail {

/// How a dataset is stored in chunks.
struct chunk_layout {
    index_list extents; ///< None: in one dense block, without filters.
    int deflate = 0;
    bool shuffle = false;
    bool checksum = false;

    bool is_used() const noexcept { return extents.size() > 0; }
    bool has_filters() const noexcept { return deflate > 0 || shuffle || checksum; }
};

/// The chunks and filters that the options ask for, for a dataset of these extents.
/// Errors: errc::invalid_argument (not marked collective).
chunk_layout chunk_layout_of(const save_options& options, const index_list& extents,
                             std::size_t element_bytes);

/// The creation properties of a dataset with this layout.
/// Errors: errc::io.
hdf5_handle creation_properties(const chunk_layout& layout);

/// Writes a patch as a whole dataset. Every rank filters an equal share of the chunks, gets
/// elements of other ranks for that, and sends the chunks to the first rank, which writes them.
/// This also works with an HDF5 that has no parallel filters, and no rank waits inside HDF5 for
/// another one.
/// Call:   collective; only the first rank uses `dataset`. It calls `require_written` now and then,
///         which throws if what it has written did not get to the file.
/// Errors: errc::io, MPI category; on all ranks.
void write_chunks(const collective_io& call, const array_core& from, const file_type& type,
                  const box<dynamic_rank>& patch, const chunk_layout& layout, hid_t dataset,
                  const std::function<void()>& require_written);

} // namespace nodespan::detail
