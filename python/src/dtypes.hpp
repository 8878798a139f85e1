#pragma once

#include "binding.hpp"

#include "nodespan/compound_type.hpp"
#include "nodespan/dtype.hpp"

#include <optional>
#include <string>

namespace nodespan::python {

/// What a NumPy dtype is to a run-time array.
struct element {
    py::dtype type = py::dtype::of<double>();
    std::size_t bytes = 0;
    detail::element_kind kind = detail::element_kind::other;
    std::optional<nodespan::dtype> number; // where text and NumPy files hold it
    std::string name;                      // in messages: NumPy's
};

/// The elements of anything that numpy.dtype takes.
/// Errors: TypeError, which says what works.
element element_of(const py::object& dtype);

/// The same for what is only copied, by queues: of any fixed number of bytes.
element item_of(const py::object& dtype);

/// How HDF5 files hold them. Errors: TypeError.
detail::file_type file_type_of(const element& type);

/// The operation of this name. Errors: ValueError.
accumulate_op op_named(const std::string& name);

} // namespace nodespan::python
