#pragma once

#include "nodespan/array.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/hdf5_info.hpp"
#include "nodespan/hdf5_writer.hpp"

#include <filesystem>
#include <string>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

void save_array(const array_core& from, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const save_options& options);

/// `from` is a box of the dataset; a box without dimensions stands for all of it.
void load_array(array_core& to, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const box<dynamic_rank>& from);

index_list stored_extents(const team& team, const file_type& type, int dimensions,
                          const std::filesystem::path& file, const std::string& dataset);

} // namespace detail

/// Writes a box of an array, row-major, as the dataset `dataset` of an HDF5 file, which h5dump,
/// h5py, MATLAB and ParaView can read.
///
/// A new file replaces one of its name, but only once it is complete and HDF5 has read it back:
/// until then it is called `file`.part, and after a failure the old file is unchanged. A file that
/// gets another dataset keeps all its bytes until the dataset is complete; see hdf5_writer, and
/// save_options::mode. Missing groups in `dataset`, such as run/7/temperature, are made. Soft links
/// are followed; a name that leads into another file is refused.
/// Shape:  0 <= lo <= hi <= extents; boxes may be empty, and ranks may have no elements.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file.
/// Errors: errc::io (with HDF5's own words, or the system's), errc::invalid_argument,
///         errc::out_of_range, errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI
///         category: the same on all ranks.
/// Cost:   ranks write what their node holds to its place in the file, straight from where it lies
///         (pwritev). If nodes hold only short pieces of rows, a rank first gets what it writes.
///         With chunks, every rank filters an equal share of them, and the first rank writes.
///         Overwritten datasets leave their space in the file unused; h5repack frees it. At the end
///         the first rank reads back headers, attributes, and two elements.
/// Source: HDF5 1.10 (H5Dget_offset, H5Dwrite_chunk, H5FDregister).
template <class T, int N>
void save_hdf5(const array<T, N>& from, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset, const save_options& options = {}) {
    static_assert(storable<T>,
                  "save_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::save_array(detail::access::core(from), detail::file_type_of<T>(), to_dynamic(patch),
                       file, dataset, options);
}

/// The same for the whole array.
template <class T, int N>
void save_hdf5(const array<T, N>& from, const std::filesystem::path& file,
               const std::string& dataset, const save_options& options = {}) {
    save_hdf5(from, box<N>{{}, from.extents()}, file, dataset, options);
}

/// Reads the box `from` of the dataset `dataset` of an HDF5 file into the box `to` of an array. It
/// does not matter which program wrote the file, with how many ranks and nodes.
/// Shape:  equal extents. The dataset has N dimensions and elements of type T. Reading changes no
///         number; these may differ: the byte order, and the order and offsets of a struct's
///         members. Enums may stand for their integers, and floats of other formats for floats of
///         the same size that have all their values. What was never written has the fill value, or
///         0 where there is none.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save. Elements are unspecified after errors of reading. They are unchanged after
///         other errors, such as: the file has fewer elements than the dataset's extents need, a
///         filter is not installed, or a source of a virtual dataset is missing.
/// Cost:   elements that lie in the file as in memory go straight to their place (preadv), else as
///         save. HDF5 reads all other datasets, every rank its own box; ranks that share a chunk
///         all unpack it.
template <class T, int N>
void load_hdf5(array<T, N>& to, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset, const box<N>& from) {
    static_assert(storable<T>,
                  "load_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::load_array(detail::access::core(to), detail::file_type_of<T>(), to_dynamic(patch), file,
                       dataset, to_dynamic(from));
}

/// The same for the whole dataset.
template <class T, int N>
void load_hdf5(array<T, N>& to, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset) {
    static_assert(storable<T>,
                  "load_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::load_array(detail::access::core(to), detail::file_type_of<T>(), to_dynamic(patch), file,
                       dataset, {});
}

/// The same for the whole dataset, or a box of it, into the whole array.
template <class T, int N>
void load_hdf5(array<T, N>& to, const std::filesystem::path& file, const std::string& dataset) {
    load_hdf5(to, box<N>{{}, to.extents()}, file, dataset);
}
template <class T, int N>
void load_hdf5(array<T, N>& to, const std::filesystem::path& file, const std::string& dataset,
               const box<N>& from) {
    load_hdf5(to, box<N>{{}, to.extents()}, file, dataset, from);
}

/// Makes an array with the extents and the elements of a dataset.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as load, and as array's constructor. What is missing in the file is found before memory
///         is reserved.
template <class T, int N>
[[nodiscard]] array<T, N> open_hdf5(team& team, const std::filesystem::path& file,
                                    const std::string& dataset, const array_options& options = {}) {
    static_assert(storable<T>, "open<T, N>: T is no type that files hold; see storable");
    const index_list found =
        detail::stored_extents(team, detail::file_type_of<T>(), N, file, dataset);
    indices<N> extents{};
    for (std::size_t d = 0; d < extents.size(); ++d) extents[d] = found[d];
    array<T, N> result(team, extents, options);
    load_hdf5(result, file, dataset);
    return result;
}

/// Sets an attribute of a dataset or group of an existing file; "/" stands for the file itself. An
/// attribute of that name is replaced.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as save.
void set_attribute(const team& team, const std::filesystem::path& file, const std::string& object,
                   const std::string& name, const attribute& value);

} // namespace nodespan
