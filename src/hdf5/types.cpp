#include "types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace nodespan::detail {
namespace {

hdf5_handle make_complex(hid_t part, std::size_t part_bytes) {
    hdf5_handle type(H5Tcreate(H5T_COMPOUND, 2 * part_bytes), "H5Tcreate");
    hdf5_check(H5Tinsert(type.get(), "r", 0, part), "H5Tinsert");
    hdf5_check(H5Tinsert(type.get(), "i", part_bytes, part), "H5Tinsert");
    return type;
}

hdf5_handle make_struct(const file_type& type) {
    hdf5_handle result(H5Tcreate(H5T_COMPOUND, type.bytes), "H5Tcreate");
    for (const file_member& m : type.members)
        hdf5_check(H5Tinsert(result.get(), m.name.c_str(), m.offset, native_type(m.type).get()),
                   "H5Tinsert");
    return result;
}

hdf5_handle make_array(const file_type& type) {
    const std::vector<hsize_t> extents(type.extents.begin(), type.extents.end());
    return {H5Tarray_create2(native_type(type.members[0].type).get(),
                             static_cast<unsigned>(extents.size()), extents.data()),
            "H5Tarray_create2"};
}

file_type foreign(std::size_t bytes, std::string name) {
    return {0, bytes, {}, {}, std::move(name)};
}

// Members must follow one another, with or without gaps: HDF5 moves members of damaged structs
// outside of them.
bool is_sound(const file_type& type) {
    std::vector<const file_member*> ordered;
    for (const file_member& m : type.members) ordered.push_back(&m);
    std::sort(ordered.begin(), ordered.end(),
              [](const file_member* a, const file_member* b) { return a->offset < b->offset; });
    std::size_t end = 0;
    for (const file_member* m : ordered) {
        if (m->offset < end || m->offset > type.bytes || type.bytes - m->offset < m->type.bytes)
            return false;
        end = m->offset + m->type.bytes;
    }
    return true;
}

file_type struct_in_file(hid_t type, std::size_t bytes) {
    file_type result{'s', bytes, {}, {}};
    const int count = H5Tget_nmembers(type);
    for (int k = 0; k < count; ++k) {
        const auto number = static_cast<unsigned>(k);
        const hdf5_handle inner(H5Tget_member_type(type, number), "H5Tget_member_type");
        char* name = H5Tget_member_name(type, number);
        result.members.push_back({name != nullptr ? name : "", H5Tget_member_offset(type, number),
                                  type_in_file(inner.get())});
        H5free_memory(name);
    }
    if (!is_sound(result)) return foreign(bytes, "a struct of members that overlap");
    return result;
}

// A compound of two equal floating-point members r and i, and nothing else, is a complex number.
bool is_complex(const file_type& type) {
    return type.members.size() == 2 && type.members[0].name == "r" && type.members[1].name == "i" &&
           type.members[0].type.kind == 'f' && type.members[0].type.bytes * 2 == type.bytes &&
           is_same_type(type.members[0].type, type.members[1].type);
}

file_type array_in_file(hid_t type, std::size_t bytes) {
    const hdf5_handle element(H5Tget_super(type), "H5Tget_super");
    const auto rank = hdf5_check(H5Tget_array_ndims(type), "H5Tget_array_ndims");
    std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
    hdf5_check(H5Tget_array_dims2(type, extents.data()), "H5Tget_array_dims2");
    std::size_t left = bytes / std::max<std::size_t>(1, H5Tget_size(element.get()));
    for (const hsize_t n : extents) left /= std::max<hsize_t>(1, n);
    if (left == 0) return foreign(bytes, "an array of more elements than it has room for");
    return {'a', bytes, {{"", 0, type_in_file(element.get())}}, {extents.begin(), extents.end()}};
}

// The number of binary digits, the leading one included, and the exponents of the largest and of
// the smallest normal number.
struct float_shape {
    std::size_t digits = 0;
    std::int64_t most = 0, least = 0;
};

float_shape shape_of(hid_t type) {
    std::size_t sign = 0, at = 0, bits = 0, mantissa_at = 0, mantissa = 0;
    hdf5_check(H5Tget_fields(type, &sign, &at, &bits, &mantissa_at, &mantissa), "H5Tget_fields");
    if (bits == 0 || bits > 32) return {SIZE_MAX, 0, 0}; // fits no type
    const bool is_implied = H5Tget_norm(type) == H5T_NORM_IMPLIED;
    const auto bias = static_cast<std::int64_t>(H5Tget_ebias(type));
    return {mantissa + (is_implied ? 1 : 0), (std::int64_t{1} << bits) - 2 - bias, 1 - bias};
}

file_type integer_in_file(hid_t type, std::size_t bytes) {
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    const H5T_order_t order = H5Tget_order(type);
    if ((bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) &&
        (order == H5T_ORDER_LE || order == H5T_ORDER_BE))
        return {is_signed ? 'i' : 'u', bytes, {}, {}};
    return foreign(bytes, fmt::format("{}int{}", is_signed ? "" : "u", bytes * 8));
}

std::string name_of_float(hid_t type, std::size_t bytes) {
    std::size_t sign = 0, at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
    hdf5_check(H5Tget_fields(type, &sign, &at, &exponent, &mantissa_at, &mantissa),
               "H5Tget_fields");
    if (bytes == 2 && exponent == 5 && mantissa == 10) return "float16";
    if (bytes == 16 && exponent == 15) return "float128"; // NumPy's name, whatever its precision
    return fmt::format("float{} with {} bits of exponent and {} of mantissa", bytes * 8, exponent,
                       mantissa);
}

// A float of another format counts as the float of the same size, if that has all its values.
file_type float_in_file(hid_t type, std::size_t bytes) {
    const H5T_order_t order = H5Tget_order(type);
    if ((order == H5T_ORDER_LE || order == H5T_ORDER_BE) &&
        ((bytes == 4 && float_fits(type, H5T_NATIVE_FLOAT)) ||
         (bytes == 8 && float_fits(type, H5T_NATIVE_DOUBLE))))
        return {'f', bytes, {}, {}};
    return foreign(bytes, name_of_float(type, bytes));
}

std::string name_of_other(hid_t type, std::size_t bytes) {
    switch (H5Tget_class(type)) {
    case H5T_STRING:
        return H5Tis_variable_str(type) > 0 ? "texts" : fmt::format("texts of {} bytes", bytes);
    case H5T_VLEN:
        return "lists of " +
               to_text(type_in_file(hdf5_handle(H5Tget_super(type), "H5Tget_super").get()));
    case H5T_REFERENCE:
        return "references";
    case H5T_OPAQUE:
        return fmt::format("opaque elements of {} bytes", bytes);
    case H5T_BITFIELD:
        return fmt::format("bitfield{}", bytes * 8);
    case H5T_TIME:
        return "times";
    default:
        return "another type";
    }
}

} // namespace

hdf5_handle native_type(const file_type& type) {
    const auto copy = [](hid_t id) { return hdf5_handle(H5Tcopy(id), "H5Tcopy"); };
    const bool is_signed = type.kind == 'i';
    switch (type.kind) {
    case 'a':
        return make_array(type);
    case 's':
        return make_struct(type);
    case 'c':
        return type.bytes == 8 ? make_complex(H5T_NATIVE_FLOAT, 4)
                               : make_complex(H5T_NATIVE_DOUBLE, 8);
    case 'f':
        return copy(type.bytes == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE);
    default:
        break;
    }
    switch (type.bytes) {
    case 1:
        return copy(is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8);
    case 2:
        return copy(is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16);
    case 4:
        return copy(is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32);
    default:
        return copy(is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64);
    }
}

file_type type_in_file(hid_t type) {
    const auto bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return integer_in_file(type, bytes);
    case H5T_ENUM: { // h5py's bool is an enum
        const hdf5_handle integer(H5Tget_super(type), "H5Tget_super");
        return integer_in_file(integer.get(), H5Tget_size(integer.get()));
    }
    case H5T_FLOAT:
        return float_in_file(type, bytes);
    case H5T_ARRAY:
        return array_in_file(type, bytes);
    case H5T_COMPOUND: {
        file_type found = struct_in_file(type, bytes);
        if (is_complex(found)) return {'c', bytes, {}, {}};
        return found;
    }
    default:
        return foreign(bytes, name_of_other(type, bytes));
    }
}

bool float_fits(hid_t type, hid_t wanted) {
    const float_shape mine = shape_of(type), theirs = shape_of(wanted);
    return mine.digits <= theirs.digits && mine.most <= theirs.most && mine.least >= theirs.least;
}

hdf5_handle space_of(const std::vector<hsize_t>& extents) {
    return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
            "H5Screate_simple"};
}

std::vector<hsize_t> extents_of(hid_t space) {
    const auto rank = hdf5_check(H5Sget_simple_extent_ndims(space), "H5Sget_simple_extent_ndims");
    std::vector<hsize_t> found(static_cast<std::size_t>(rank));
    hdf5_check(H5Sget_simple_extent_dims(space, found.data(), nullptr),
               "H5Sget_simple_extent_dims");
    return found;
}

void select(const hdf5_handle& space, const box<dynamic_rank>& part, const index_list& origin) {
    if (part.empty()) {
        hdf5_check(H5Sselect_none(space.get()), "H5Sselect_none");
        return;
    }
    std::vector<hsize_t> start;
    for (std::size_t d = 0; d < part.lo.size(); ++d)
        start.push_back(static_cast<hsize_t>(part.lo[d] - origin[d]));
    const std::vector<hsize_t> count = to_sizes(part.extents());
    hdf5_check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                   nullptr),
               "H5Sselect_hyperslab");
}

} // namespace nodespan::detail
