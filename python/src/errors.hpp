#pragma once

#include "binding.hpp"

#include <optional>
#include <string>

namespace nodespan::python {

/// A Python exception as other ranks get it: the name of its type, and its text.
struct failure {
    std::string type;
    std::string text;
};

/// What a Python exception is to other ranks: types of Python's own and of this package keep
/// theirs.
failure failure_of(py::handle exception);

/// The same of the C++ exception that is being handled. Call: with the GIL.
failure failure_in_flight();

/// Throws it as the Python exception that it was on rank `rank`.
[[noreturn]] void raise_failure(const failure& what, int rank);

/// Sets the Python exception for the C++ exception that is being handled, for functions that
/// Python calls without pybind11.
void set_python_error() noexcept;

/// A Python exception of a built-in type, to be thrown.
[[noreturn]] void throw_python(PyObject* type, const std::string& text);

} // namespace nodespan::python
