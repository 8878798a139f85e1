#pragma once

#include "binding.hpp"

namespace nodespan::python {

/// A NumPy scalar from the bytes of one element. Returns a new reference, or null with an
/// exception.
PyObject* scalar_of(const void* bytes, const py::dtype& type);

/// One element from any Python value, converted as NumPy does in an assignment.
py::array element_from(PyObject* value, const py::dtype& type);

/// Whether this is an ndarray, or a structured scalar, which may refer to another's memory.
bool may_share_memory(PyObject* found);

} // namespace nodespan::python
