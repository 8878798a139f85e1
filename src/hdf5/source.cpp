#include "source.hpp"

#include "collective_io.hpp"
#include "driver.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace nodespan::detail {
namespace {

constexpr std::size_t most_dimensions = 6; // of arrays

} // namespace

hdf5_handle open_hdf5(const std::string& file) {
    const posix_file possible = posix_file::open_to_read(file); // its errors are clearer
    if (hdf5_check(H5Fis_hdf5(file.c_str()), "H5Fis_hdf5") == 0)
        refuse("this is no HDF5 file, or a truncated one");
    return {H5Fopen(file.c_str(), H5F_ACC_RDONLY, access_to_read().get()), "H5Fopen"};
}

std::string file_of(hid_t object) {
    std::string name(
        static_cast<std::size_t>(hdf5_check(H5Fget_name(object, nullptr, 0), "H5Fget_name")), '\0');
    hdf5_check(H5Fget_name(object, name.data(), name.size() + 1), "H5Fget_name");
    return name;
}

hdf5_source::hdf5_source(hid_t file, const std::string& dataset)
    : data(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT), "H5Dopen2"),
      type(H5Dget_type(data.get()), "H5Dget_type"),
      space(H5Dget_space(data.get()), "H5Dget_space"),
      made(H5Dget_create_plist(data.get()), "H5Dget_create_plist"),
      extents(extents_of(space.get())),
      element(type_in_file(type.get())) {}

void hdf5_source::require_array() const {
    if (!is_whole(element))
        refuse(fmt::format("the dataset holds {}, which no array can hold", to_text(element)));
    if (extents.empty() || extents.size() > most_dimensions)
        refuse(fmt::format("the dataset has {} dimensions; arrays have 1 to {}", extents.size(),
                           most_dimensions));
    require_countable();
}

void hdf5_source::require_countable() const {
    std::uint64_t left =
        std::numeric_limits<index_t>::max() / std::max<std::size_t>(1, H5Tget_size(type.get()));
    const bool is_countable = std::all_of(extents.begin(), extents.end(), [&](hsize_t n) {
        left /= std::max<hsize_t>(1, n);
        return left > 0;
    });
    if (!is_empty() && !is_countable)
        refuse(fmt::format("the dataset has extents {{{}}}: more than any file can hold",
                           fmt::join(extents, ", ")));
}

bool hdf5_source::is_empty() const noexcept {
    return std::find(extents.begin(), extents.end(), 0U) != extents.end();
}

std::uint64_t hdf5_source::bytes() const {
    std::uint64_t result = H5Tget_size(type.get());
    for (const hsize_t n : extents) result *= n;
    return result;
}

} // namespace nodespan::detail
