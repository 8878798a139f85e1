#include "proof.hpp"

#include "cause_of.hpp"
#include "collective_io.hpp"
#include "types.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

namespace nodespan::detail {
namespace {

// Reads one element, to see that HDF5 can.
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
    if (!is_chunked && stored > 0 && H5Dget_offset(data) != meant.address)
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

// Whether an open attribute holds these values, as HDF5 reads them.
class value_check {
public:
    explicit value_check(hid_t from) : from_(from), space_(H5Aget_space(from), "H5Aget_space") {}

    bool operator()(index_t value) const { return holds(H5T_NATIVE_INT64, &value, 1); }
    bool operator()(double value) const { return holds(H5T_NATIVE_DOUBLE, &value, 1); }
    bool operator()(const std::string& value) const { return holds_texts(&value, 1); }
    bool operator()(const std::vector<index_t>& values) const {
        return holds(H5T_NATIVE_INT64, values.data(), values.size());
    }
    bool operator()(const std::vector<double>& values) const {
        return holds(H5T_NATIVE_DOUBLE, values.data(), values.size());
    }
    bool operator()(const std::vector<std::uint64_t>& values) const {
        return holds(H5T_NATIVE_UINT64, values.data(), values.size());
    }
    bool operator()(const std::vector<long double>& values) const {
        return holds(H5T_NATIVE_LDOUBLE, values.data(), values.size());
    }
    bool operator()(const std::vector<std::string>& values) const {
        return holds_texts(values.data(), values.size());
    }

private:
    bool has_count(std::size_t count) const {
        return hdf5_check(H5Sget_simple_extent_npoints(space_.get()),
                          "H5Sget_simple_extent_npoints") == static_cast<hid_t>(count);
    }

    template <class T>
    bool holds(hid_t type, const T* values, std::size_t count) const {
        if (!has_count(count)) return false;
        std::vector<T> found(std::max<std::size_t>(1, count));
        hdf5_check(H5Aread(from_, type, found.data()), "H5Aread");
        return std::equal(values, values + count, found.begin(), [](T a, T b) {
            return a == b || (a != a && b != b); // a NaN equals itself here
        });
    }

    bool holds_texts(const std::string* texts, std::size_t count) const {
        if (!has_count(count)) return false;
        const hdf5_handle type(H5Aget_type(from_), "H5Aget_type");
        std::vector<char*> found(std::max<std::size_t>(1, count), nullptr);
        hdf5_check(H5Aread(from_, type.get(), found.data()), "H5Aread");
        const bool are_same =
            std::equal(texts, texts + count, found.begin(),
                       [](const auto& a, const char* b) { return a == (b != nullptr ? b : ""); });
        H5Dvlen_reclaim(type.get(), space_.get(), H5P_DEFAULT, found.data());
        return are_same;
    }

    hid_t from_;
    hdf5_handle space_;
};

void prove_attributes(hid_t file, const std::string& name, const attributes& meant) {
    const hdf5_handle object(H5Oopen(file, ("/" + name).c_str(), H5P_DEFAULT), "H5Oopen");
    for (const auto& [attribute, value] : meant) {
        const hdf5_handle found(H5Aopen(object.get(), attribute.c_str(), H5P_DEFAULT), "H5Aopen");
        if (!std::visit(value_check(found.get()), value))
            refuse(fmt::format("its attribute \"{}\" has another value", attribute));
    }
}

template <class Body>
void read_back(const std::string& name, Body&& body) {
    try {
        body();
    } catch (const error& failure) {
        refuse(fmt::format("cannot read back \"{}\": {}", name, cause_of(failure)));
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
