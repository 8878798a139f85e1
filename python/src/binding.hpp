#pragma once

#include "nodespan/box.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/detail/process_state.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

namespace py = pybind11;

namespace nodespan::python {

/// What an ndarray over memory keeps: a share of its owner.
template <class Owner>
py::capsule owner_of(const std::shared_ptr<Owner>& owner) {
    return {new std::shared_ptr<Owner>(owner),
            [](void* shared) { delete static_cast<std::shared_ptr<Owner>*>(shared); }};
}

// What each file adds to the module.
void bind_errors(py::module_& module);
void bind_team(py::module_& module);
void bind_array(py::module_& module);
void bind_transfers(py::class_<class array_object>& arrays);
void bind_whole_arrays(py::class_<class array_object>& arrays);
void bind_locks(py::module_& module);
void bind_pinned(py::module_& module);
void bind_queue(py::module_& module);
void bind_ring(py::module_& module);
void bind_replicated(py::module_& module);
void bind_counter(py::module_& module);
void bind_files(py::module_& module);
void bind_checkpoint(py::module_& module);
void bind_mpi(py::module_& module);

} // namespace nodespan::python
