#pragma once

#include "binding.hpp"

namespace nodespan::python {

class array_object;
class team_object;

/// a[key] and a[key] = value.
void add_subscripts_of_arrays(PyHeapTypeObject* type);

/// What is called so often that the way through pybind11 would cost more than the call itself.
void add_hot_calls_of_arrays(py::class_<array_object>& arrays);
void add_hot_calls_of_teams(py::class_<team_object>& teams);

} // namespace nodespan::python
