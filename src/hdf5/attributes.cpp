#include "attributes.hpp"

#include "cause_of.hpp"
#include "collective_io.hpp"
#include "nodespan/detail/narrow.hpp"
#include "source.hpp"
#include "texts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <optional>

namespace nodespan::detail {
namespace {

template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;

hdf5_handle text_type(std::size_t bytes) {
    hdf5_handle type(H5Tcopy(H5T_C_S1), "H5Tcopy");
    hdf5_check(H5Tset_size(type.get(), bytes), "H5Tset_size");
    hdf5_check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "H5Tset_cset");
    return type;
}

void write_values(hid_t object, const std::string& name, hid_t type, const hdf5_handle& space,
                  const void* values) {
    hdf5_handle made(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                     "H5Acreate2");
    const char nothing = 0; // HDF5 needs an address even for no values
    hdf5_check(H5Awrite(made.get(), type, values != nullptr ? values : &nothing), "H5Awrite");
    made.close("H5Aclose");
}

// Texts of any length, stored as h5py writes and reads them.
void write_texts(hid_t object, const std::string& name, const hdf5_handle& space,
                 const std::vector<std::string>& texts) {
    std::vector<const char*> pointers;
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    write_values(object, name, text_type(H5T_VARIABLE).get(), space, pointers.data());
}

struct value_writer {
    hid_t object;
    const std::string& name;

    static hdf5_handle scalar() { return {H5Screate(H5S_SCALAR), "H5Screate"}; }
    template <class T>
    static hdf5_handle list(const std::vector<T>& values) {
        return space_of({values.size()});
    }

    void operator()(index_t value) const {
        write_values(object, name, H5T_NATIVE_INT64, scalar(), &value);
    }
    void operator()(double value) const {
        write_values(object, name, H5T_NATIVE_DOUBLE, scalar(), &value);
    }
    void operator()(const std::string& value) const {
        write_texts(object, name, scalar(), {value});
    }
    void operator()(const std::vector<index_t>& values) const {
        write_values(object, name, H5T_NATIVE_INT64, list(values), values.data());
    }
    void operator()(const std::vector<double>& values) const {
        write_values(object, name, H5T_NATIVE_DOUBLE, list(values), values.data());
    }
    void operator()(const std::vector<std::string>& values) const {
        write_texts(object, name, list(values), values);
    }
    void operator()(const std::vector<std::uint64_t>& values) const {
        write_values(object, name, H5T_NATIVE_UINT64, list(values), values.data());
    }
    void operator()(const std::vector<long double>& values) const {
        write_values(object, name, H5T_NATIVE_LDOUBLE, list(values), values.data());
    }
};

template <class T>
std::vector<T> read_list(hid_t from, hid_t type, std::size_t count) {
    std::vector<T> values(std::max<std::size_t>(1, count));
    hdf5_check(H5Aread(from, type, values.data()), "H5Aread");
    values.resize(count);
    return values;
}

template <class T>
attribute as_stored(std::vector<T> values, bool is_scalar) {
    if (is_scalar) return values[0];
    return values;
}

// The numbers as type Usual if that has all of them exactly, otherwise as they were read.
template <class Usual, class T>
attribute as_usual(std::vector<T> values, bool is_scalar) {
    std::vector<Usual> usual;
    for (const T value : values)
        if (const auto same = narrow<Usual>(value)) usual.push_back(*same);
    if (usual.size() != values.size()) return values;
    return as_stored(std::move(usual), is_scalar);
}

// Integers of up to 64 bits.
std::optional<attribute> read_integers(hid_t from, hid_t type, std::size_t count, bool is_scalar) {
    if (H5Tget_size(type) > sizeof(std::uint64_t)) return std::nullopt;
    if (H5Tget_sign(type) == H5T_SGN_NONE)
        return as_usual<index_t>(read_list<std::uint64_t>(from, H5T_NATIVE_UINT64, count),
                                 is_scalar);
    return as_stored(read_list<index_t>(from, H5T_NATIVE_INT64, count), is_scalar);
}

// Floating-point numbers with no more bits than long double has.
std::optional<attribute> read_floats(hid_t from, hid_t type, std::size_t count, bool is_scalar) {
    if (float_fits(type, H5T_NATIVE_DOUBLE))
        return as_stored(read_list<double>(from, H5T_NATIVE_DOUBLE, count), is_scalar);
    if (float_fits(type, H5T_NATIVE_LDOUBLE))
        return as_usual<double>(read_list<long double>(from, H5T_NATIVE_LDOUBLE, count), is_scalar);
    return std::nullopt;
}

// Texts of equal length, filled up with zeros or blanks, as Fortran and NumPy write them.
std::vector<std::string> read_short_texts(hid_t from, hid_t type, std::size_t count) {
    const std::size_t bytes = H5Tget_size(type);
    std::vector<char> all(std::max<std::size_t>(1, count) * bytes);
    hdf5_check(H5Aread(from, type, all.data()), "H5Aread");
    const H5T_str_t padding = H5Tget_strpad(type);
    const char filler = padding == H5T_STR_SPACEPAD ? ' ' : '\0';
    std::vector<std::string> texts;
    for (std::size_t k = 0; k < count; ++k) {
        std::string text(all.data() + k * bytes, bytes);
        if (padding == H5T_STR_NULLTERM) text.resize(std::min(text.find('\0'), text.size()));
        while (!text.empty() && text.back() == filler) text.pop_back();
        texts.push_back(text);
    }
    return texts;
}

// Called before memory is reserved for the sizes that a damaged file may contain.
void require_room(hid_t from, hid_t type, std::size_t count) {
    const std::uint64_t length = posix_file::open_to_read(file_of(from)).size();
    const std::size_t one = std::max<std::size_t>(1, H5Tget_size(type));
    if (count > length / one)
        refuse(fmt::format("{} values of {} bytes are more than the file's {} bytes", count, one,
                           length));
}

std::optional<attribute> read_value(hid_t from) {
    const hdf5_handle space(H5Aget_space(from), "H5Aget_space");
    const hdf5_handle type(H5Aget_type(from), "H5Aget_type");
    const H5S_class_t shape = H5Sget_simple_extent_type(space.get());
    const bool is_scalar = shape == H5S_SCALAR;
    if (!is_scalar && shape != H5S_SIMPLE) return std::nullopt;
    const auto count = static_cast<std::size_t>(
        hdf5_check(H5Sget_simple_extent_npoints(space.get()), "H5Sget_simple_extent_npoints"));
    require_room(from, type.get(), count);
    switch (H5Tget_class(type.get())) {
    case H5T_INTEGER:
        return read_integers(from, type.get(), count, is_scalar);
    case H5T_ENUM:
        return read_integers(from, hdf5_handle(H5Tget_super(type.get()), "H5Tget_super").get(),
                             count, is_scalar);
    case H5T_FLOAT:
        return read_floats(from, type.get(), count, is_scalar);
    case H5T_STRING:
        break;
    default:
        return std::nullopt;
    }
    std::vector<std::string> texts = H5Tis_variable_str(type.get()) > 0
                                         ? read_long_texts(from, count)
                                         : read_short_texts(from, type.get(), count);
    if (is_scalar) return texts[0];
    return texts;
}

} // namespace

void write_attribute(hid_t object, const std::string& name, const attribute& value) {
    const auto is_there = hdf5_check(H5Aexists(object, name.c_str()), "H5Aexists");
    if (is_there > 0) hdf5_check(H5Adelete(object, name.c_str()), "H5Adelete");
    std::visit(value_writer{object, name}, value);
}

namespace {

struct found_names {
    std::vector<std::string> names;
    std::exception_ptr failure;
};

herr_t note_name(hid_t, const char* name, const H5A_info_t*, void* data) {
    auto& found = *static_cast<found_names*>(data);
    try { // no exception may pass through HDF5
        found.names.emplace_back(name);
    } catch (...) {
        found.failure = std::current_exception();
        return -1;
    }
    return 0;
}

// The names in HDF5's own order, after a call that makes HDF5 read the whole object header. HDF5
// cannot sort attributes if one of them is damaged, and would end the process.
std::vector<std::string> names_of(hid_t object) {
    hdf5_check(H5Aexists(object, "no name of an attribute"), "H5Aexists");
    found_names found;
    hsize_t at = 0;
    const herr_t result =
        H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, &note_name, &found);
    if (found.failure) std::rethrow_exception(found.failure);
    hdf5_check(result, "H5Aiterate2");
    return std::move(found.names);
}

} // namespace

attributes attributes_of(hid_t object) {
    attributes result;
    for (const std::string& name : names_of(object)) {
        const hdf5_handle one(H5Aopen(object, name.c_str(), H5P_DEFAULT), "H5Aopen");
        try {
            if (auto value = read_value(one.get())) result[name] = std::move(*value);
        } catch (const error& failure) {
            refuse(fmt::format("attribute \"{}\": {}", name, cause_of(failure)));
        }
    }
    return result;
}

std::string to_text(const attribute& value) {
    return std::visit(
        [](const auto& v) {
            if constexpr (is_list<std::decay_t<decltype(v)>>)
                return fmt::format("{{{}}}", fmt::join(v, ", "));
            else
                return fmt::format("{}", v);
        },
        value);
}

std::string to_text(const attributes& values) {
    std::vector<std::string> texts;
    for (const auto& [name, value] : values)
        texts.push_back(fmt::format("{}={}", name, to_text(value)));
    return fmt::format("{{{}}}", fmt::join(texts, ", "));
}

} // namespace nodespan::detail
