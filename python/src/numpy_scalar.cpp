#include "numpy_scalar.hpp"

#include "errors.hpp"

namespace nodespan::python {
namespace {

struct numpy_facts {
    py::object empty, array_type, void_type;
};

// Looked up once; kept for ever, as NumPy is.
const numpy_facts& numpy() {
    static const auto* const facts = [] {
        const py::module_ module = py::module_::import("numpy");
        return new numpy_facts{module.attr("empty"), module.attr("ndarray"), module.attr("void")};
    }();
    return *facts;
}

py::array one_of(const py::dtype& type) {
    return numpy().empty(py::tuple(), type);
}

} // namespace

PyObject* scalar_of(const void* bytes, const py::dtype& type) {
    py::array one = one_of(type);
    std::memcpy(one.mutable_data(), bytes, static_cast<std::size_t>(one.itemsize()));
    return one[py::tuple()].cast<py::object>().release().ptr();
}

py::array element_from(PyObject* value, const py::dtype& type) {
    py::array one = one_of(type);
    one[py::tuple()] = py::handle(value);
    return one;
}

bool may_share_memory(PyObject* found) {
    const auto* const type = reinterpret_cast<PyObject*>(Py_TYPE(found));
    return type == numpy().array_type.ptr() || type == numpy().void_type.ptr();
}

} // namespace nodespan::python
