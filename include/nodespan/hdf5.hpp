#pragma once

#include "nodespan/array.hpp"

#include <complex>
#include <concepts>
#include <filesystem>
#include <string>

namespace nodespan {
namespace detail {

/// An element type that files can hold, known at run time: a kind and a size, as in NumPy.
struct file_type {
    char kind = 0;         ///< i: signed, u: unsigned, f: floating, c: complex.
    std::size_t bytes = 0; ///< Of a whole element.

    friend constexpr bool operator==(const file_type&, const file_type&) = default;
};

template <class T>
constexpr file_type file_type_of() {
    if constexpr (std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>)
        return {'c', sizeof(T)};
    else if constexpr (std::same_as<T, float> || std::same_as<T, double>)
        return {'f', sizeof(T)};
    else if constexpr (std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8)
        return {std::signed_integral<T> ? 'i' : 'u', sizeof(T)};
    else
        return {};
}

void save_array(const array_core& from, file_type type, const std::filesystem::path& file,
                const std::string& dataset);
void load_array(const array_core& to, file_type type, const std::filesystem::path& file,
                const std::string& dataset);

} // namespace detail

/// Whether `save` and `load` take arrays of T: integers of 1 to 8 bytes, float, double, and
/// std::complex of these two (a compound of r and i, as h5py has it). Not bool: a file could hold
/// bytes that are no bool.
template <class T>
concept storable = (detail::file_type_of<T>().kind != 0);

/// Writes the whole array into a new HDF5 file, as the dataset `dataset`.
///
/// Replaces a file of that name, but only once the new one is complete: until then it is called
/// `file`.part, and after a failure the old file is as it was. Missing groups in `dataset`, such as
/// run/7/temperature, are made.
/// Shape:  any; empty arrays and ranks without elements too.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file.
/// Errors: errc::io (with HDF5's own words, or the system's), errc::mismatched_arguments,
///         errc::peer_lost, errc::finalized, MPI category: the same on all ranks.
/// Cost:   every rank writes its own box, collectively, from where it lies; below 2 GiB a call.
/// Source: HDF5 1.10, parallel I/O (H5Pset_fapl_mpio, H5Dwrite with H5FD_MPIO_COLLECTIVE).
template <class T, int N>
void save(const array<T, N>& from, const std::filesystem::path& file, const std::string& dataset) {
    static_assert(storable<T>, "save(array<T, N>): T is no type that files hold; see storable");
    detail::save_array(from.core(), detail::file_type_of<T>(), file, dataset);
}

/// Reads the whole array from the dataset `dataset` of an HDF5 file, by whatever number of ranks
/// and nodes it was written.
/// Shape:  the dataset has the array's extents and its element type; the byte order may differ.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save. Elements are unspecified after errors of reading, and untouched after others.
/// Cost:   every rank reads its own box, collectively, to where it belongs.
template <class T, int N>
void load(array<T, N>& to, const std::filesystem::path& file, const std::string& dataset) {
    static_assert(storable<T>, "load(array<T, N>): T is no type that files hold; see storable");
    detail::load_array(to.core(), detail::file_type_of<T>(), file, dataset);
}

} // namespace nodespan
