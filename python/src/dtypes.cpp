#include "dtypes.hpp"

#include "errors.hpp"

#include <cstring>

namespace nodespan::python {
namespace {

constexpr const char* what_works =
    "; arrays have bool, int8 to int64, uint8 to uint64, float16, float32, float64, longdouble, "
    "complex64, complex128, and structured dtypes of these";

[[noreturn]] void refuse(const py::object& type, const char* why) {
    throw_python(PyExc_TypeError,
                 "nodespan: dtype " + std::string(py::str(type)) + why + what_works);
}

char kind_of(const py::object& type) {
    return type.attr("kind").cast<std::string>()[0];
}

std::size_t bytes_of(const py::object& type) {
    return type.attr("itemsize").cast<std::size_t>();
}

bool is_plain_number(char kind, std::size_t bytes) {
    switch (kind) {
    case 'b':
        return bytes == 1;
    case 'i':
    case 'u':
        return bytes <= 8;
    case 'f':
        return bytes == 2 || bytes == 4 || bytes == 8 || bytes == sizeof(long double);
    case 'c':
        return bytes == 8 || bytes == 16;
    default:
        return false;
    }
}

void require_plain(const py::object& whole, const py::object& type) {
    if (!type.attr("isnative").cast<bool>())
        refuse(whole, " is in another byte order; take .newbyteorder('=')");
    if (!type.attr("subdtype").is_none()) {
        require_plain(whole, type.attr("base"));
    } else if (!type.attr("fields").is_none()) {
        const auto fields = type.attr("fields").cast<py::dict>();
        for (const auto& field : fields)
            require_plain(whole, field.second[py::int_(0)].cast<py::object>());
    } else if (!is_plain_number(kind_of(type), bytes_of(type))) {
        refuse(whole, " is no plain number");
    }
}

detail::element_kind arithmetic_of(char kind, std::size_t bytes) {
    using enum detail::element_kind;
    if (kind == 'i' || kind == 'u') return detail::kind_of_integer(bytes, kind == 'i');
    if (kind == 'f')
        return bytes == 4 ? float32 : bytes == 8 ? float64 : bytes == 16 ? long_double : other;
    if (kind == 'c') return bytes == 8 ? complex_float32 : complex_float64;
    return other;
}

detail::file_type stored(const py::object& type) {
    const std::size_t bytes = bytes_of(type);
    if (!type.attr("subdtype").is_none()) {
        std::vector<index_t> extents;
        for (const auto& n : type.attr("shape")) extents.push_back(n.cast<index_t>());
        return {'a', bytes, {{"", 0, stored(type.attr("base"))}}, std::move(extents)};
    }
    if (!type.attr("fields").is_none()) {
        detail::file_type result{'s', bytes, {}, {}};
        const py::object fields = type.attr("fields");
        for (const auto& name : type.attr("names")) {
            const py::object field = fields[name];
            result.members.push_back({name.cast<std::string>(),
                                      field[py::int_(1)].cast<std::size_t>(),
                                      stored(field[py::int_(0)].cast<py::object>())});
        }
        return result;
    }
    const char kind = kind_of(type);
    const bool is_stored =
        (kind == 'i' || kind == 'u' || kind == 'c') || (kind == 'f' && (bytes == 4 || bytes == 8));
    if (!is_stored)
        throw_python(PyExc_TypeError, "nodespan: HDF5 files hold no elements of dtype " +
                                          std::string(py::str(type)) +
                                          "; they hold integers, float32, float64, complex64, "
                                          "complex128 and structured dtypes of these");
    return {kind, bytes, {}, {}};
}

} // namespace

element element_of(const py::object& dtype) {
    element result;
    result.type = py::module_::import("numpy").attr("dtype")(dtype);
    if (!result.type.attr("subdtype").is_none())
        refuse(result.type, " has dimensions of its own, which belong into the array's shape");
    require_plain(result.type, result.type);
    result.bytes = bytes_of(result.type);
    if (result.bytes == 0) refuse(result.type, " has no bytes");
    result.name = py::str(result.type);
    if (result.type.attr("fields").is_none()) {
        const char kind = kind_of(result.type);
        result.kind = arithmetic_of(kind, result.bytes);
        result.number = detail::find_dtype(kind, result.bytes);
    }
    return result;
}

element item_of(const py::object& dtype) {
    element result;
    result.type = py::module_::import("numpy").attr("dtype")(dtype);
    if (result.type.attr("hasobject").cast<bool>())
        refuse(result.type, " holds objects of this process");
    result.bytes = bytes_of(result.type);
    if (result.bytes == 0) refuse(result.type, " has no bytes; give its length, such as U8");
    result.name = py::str(result.type);
    return result;
}

detail::file_type file_type_of(const element& type) {
    return stored(type.type);
}

accumulate_op op_named(const std::string& name) {
    for (const accumulate_op op :
         {accumulate_op::sum, accumulate_op::prod, accumulate_op::min, accumulate_op::max,
          accumulate_op::fmin, accumulate_op::fmax, accumulate_op::replace})
        if (name == to_string(op)) return op;
    throw_python(PyExc_ValueError, "nodespan: \"" + name +
                                       "\" is no operation; there are sum, prod, min, max, fmin, "
                                       "fmax and replace");
}

} // namespace nodespan::python
