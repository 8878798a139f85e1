#include "hdf5_proof.hpp"

#include "hdf5_attributes.hpp"
#include "hdf5_types.hpp"
#include "io_call.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

namespace nodespan::detail {
namespace {

// One element, to see that HDF5 can.
void read_element(hid_t data, const hdf5_handle& space, const file_type& type,
                  const std::vector<hsize_t>& at) {
    const std::vector<hsize_t> one(at.size(), 1);
    hdf5_check(
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, at.data(), nullptr, one.data(), nullptr),
        "H5Sselect_hyperslab");
    std::vector<std::byte> element(type.bytes);
    hdf5_check(H5Dread(data, native_type(type).get(), space_of({1}).get(), space.get(), H5P_DEFAULT,
                       element.data()),
               "H5Dread");
}

void prove_storage(hid_t data, const written_dataset& meant) {
    const hdf5_handle made(H5Dget_create_plist(data), "H5Dget_create_plist");
    const bool is_chunked = H5Pget_layout(made.get()) == H5D_CHUNKED;
    if (is_chunked != meant.is_chunked) refuse("it has another layout");
    const hsize_t stored = H5Dget_storage_size(data);
    if (stored != meant.stored_bytes)
        refuse(fmt::format("it has {} bytes of elements, not {}", stored, meant.stored_bytes));
    if (!is_chunked && stored > 0 && H5Dget_offset(data) != meant.place)
        refuse("its elements are elsewhere");
}

void prove_dataset(hid_t file, const written_dataset& meant) {
    const hdf5_handle data(H5Dopen2(file, meant.name.c_str(), H5P_DEFAULT), "H5Dopen2");
    const hdf5_handle type(H5Dget_type(data.get()), "H5Dget_type");
    if (hdf5_check(H5Tequal(type.get(), native_type(meant.type).get()), "H5Tequal") == 0)
        refuse("it has elements of another type");
    const hdf5_handle space(H5Dget_space(data.get()), "H5Dget_space");
    const std::vector<hsize_t> extents = extents_of(space.get());
    if (extents != meant.extents)
        refuse(fmt::format("it has extents {{{}}}", fmt::join(extents, ", ")));
    prove_storage(data.get(), meant);
    std::vector<hsize_t> last = extents;
    for (hsize_t& extent : last)
        if (extent-- == 0) return; // no elements
    read_element(data.get(), space, meant.type, std::vector<hsize_t>(extents.size(), 0));
    read_element(data.get(), space, meant.type, last);
}

void prove_attributes(hid_t file, const std::string& name, const attributes& meant) {
    const hdf5_handle object(H5Oopen(file, ("/" + name).c_str(), H5P_DEFAULT), "H5Oopen");
    for (const auto& [attribute, value] : meant) {
        const auto found = attribute_of(object.get(), attribute);
        if (!found || to_text(*found) != to_text(value)) // as texts: a NaN is itself there
            refuse(fmt::format("its attribute \"{}\" has another value", attribute));
    }
}

template <class Body>
void read_back(const std::string& name, Body&& body) {
    try {
        body();
    } catch (const error& failure) {
        refuse(fmt::format("cannot read back \"{}\": {}", name,
                           failure.what() + std::strlen("nodespan: ")));
    }
}

} // namespace

void prove(hid_t file, const std::vector<written_dataset>& datasets,
           const written_attributes& of_objects) {
    for (const written_dataset& meant : datasets)
        read_back("/" + meant.name, [&] { prove_dataset(file, meant); });
    for (const auto& [object, meant] : of_objects)
        read_back("/" + object, [&] { prove_attributes(file, object, meant); });
}

} // namespace nodespan::detail
