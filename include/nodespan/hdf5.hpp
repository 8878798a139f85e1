#pragma once

#include "nodespan/array.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/hdf5_info.hpp"
#include "nodespan/hdf5_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

void save_array(const array_core& from, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const save_options& options);

/// `from` is a box of the dataset; all of it where it has no dimensions.
void load_array(array_core& to, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const box<dynamic_rank>& from);

index_list stored_extents(const team& team, const file_type& type, int dimensions,
                          const std::filesystem::path& file, const std::string& dataset);

} // namespace detail

/// Writes a box of an array, row-major, as the dataset `dataset` of an HDF5 file that h5dump, h5py,
/// MATLAB and ParaView read.
///
/// A new file replaces one of its name, but only once it is complete and HDF5 has read it back:
/// until then it is called `file`.part, and after a failure the old file is as it was. A file that
/// gets another dataset keeps all its bytes until that is complete; see hdf5_writer, and
/// save_options::mode. Missing groups in `dataset`, such as run/7/temperature, are made; soft links
/// are followed, and a name that leads into another file is refused.
/// Shape:  0 <= lo <= hi <= extents; empty ones and ranks without elements too.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file.
/// Errors: errc::io (with HDF5's own words, or the system's), errc::invalid_argument,
///         errc::out_of_range, errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI
///         category: the same on all ranks.
/// Cost:   ranks write what their node holds to where it belongs in the file, from where it lies
///         (pwritev). Where nodes hold short pieces of rows, a get of what a rank writes. With
///         chunks, ranks filter an equal share of them each, and the first rank writes.
///         Overwritten datasets leave their space in the file unused: h5repack takes it back.
///         Then the first rank reads back headers, attributes, and two elements.
/// Source: HDF5 1.10 (H5Dget_offset, H5Dwrite_chunk, H5FDregister).
template <class T, int N>
void save_hdf5(const array<T, N>& from, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset, const save_options& options = {}) {
    static_assert(storable<T>,
                  "save_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::save_array(detail::access::core(from), detail::file_type_of<T>(), to_dynamic(patch),
                       file, dataset, options);
}

/// The same of the whole array.
template <class T, int N>
void save_hdf5(const array<T, N>& from, const std::filesystem::path& file,
               const std::string& dataset, const save_options& options = {}) {
    save_hdf5(from, box<N>{{}, from.extents()}, file, dataset, options);
}

/// Reads the box `from` of the dataset `dataset` of an HDF5 file into the box `to` of an array, by
/// whatever program, and number of ranks and nodes, it was written.
/// Shape:  equal extents. The dataset has N dimensions and elements of type T, of which no number
///         becomes another one: the byte order may differ, the order and places of a struct's
///         members, and enums may stand for their integers, and floats of other formats for those
///         of their size that have all their values. What was never written has the fill value, or
///         0 where there is none.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save. Elements are unspecified after errors of reading, and untouched after others,
///         as where the file has fewer elements than the dataset's extents need, a filter is not
///         installed, or a source of a virtual dataset is missing.
/// Cost:   what lies in the file as it does in memory: straight to where it belongs (preadv), else
///         as save. All else HDF5 reads, every rank its own box; ranks that share a chunk all
///         unpack it.
template <class T, int N>
void load_hdf5(array<T, N>& to, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset, const box<N>& from) {
    static_assert(storable<T>,
                  "load_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::load_array(detail::access::core(to), detail::file_type_of<T>(), to_dynamic(patch), file,
                       dataset, to_dynamic(from));
}

/// The same of the whole dataset.
template <class T, int N>
void load_hdf5(array<T, N>& to, const box<N>& patch, const std::filesystem::path& file,
               const std::string& dataset) {
    static_assert(storable<T>,
                  "load_hdf5(array<T, N>): T is no type that files hold; see storable");
    detail::load_array(detail::access::core(to), detail::file_type_of<T>(), to_dynamic(patch), file,
                       dataset, {});
}

/// The same of the whole dataset, or a box of it, into the whole array.
template <class T, int N>
void load_hdf5(array<T, N>& to, const std::filesystem::path& file, const std::string& dataset) {
    load_hdf5(to, box<N>{{}, to.extents()}, file, dataset);
}
template <class T, int N>
void load_hdf5(array<T, N>& to, const std::filesystem::path& file, const std::string& dataset,
               const box<N>& from) {
    load_hdf5(to, box<N>{{}, to.extents()}, file, dataset, from);
}

/// An array with the extents of a dataset, and its elements.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as load, and as array's constructor; what the file lacks is found before memory is made.
template <class T, int N>
array<T, N> open_hdf5(team& team, const std::filesystem::path& file, const std::string& dataset,
                      const array_options& options = {}) {
    static_assert(storable<T>, "open<T, N>: T is no type that files hold; see storable");
    const index_list found =
        detail::stored_extents(team, detail::file_type_of<T>(), N, file, dataset);
    indices<N> extents{};
    std::copy_n(found.begin(), N, extents.begin());
    array<T, N> result(team, extents, options);
    load_hdf5(result, file, dataset);
    return result;
}

/// Gives a dataset or group of an existing file an attribute; the file itself for "/". Replaces one
/// of that name.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as save.
void set_attribute(const team& team, const std::filesystem::path& file, const std::string& object,
                   const std::string& name, const attribute& value);

} // namespace nodespan
