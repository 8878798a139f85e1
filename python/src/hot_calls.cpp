#include "hot_calls.hpp"

#include "array_object.hpp"
#include "fetch_add.hpp"
#include "intents.hpp"
#include "numpy_scalar.hpp"
#include "team_object.hpp"

#include <array>

namespace nodespan::python {
namespace {

using detail::race::op;

// The C++ object behind a Python one, as pybind11 lays it out; null before __init__.
template <class T>
T* object_of(PyObject* self) {
    auto* const instance = reinterpret_cast<py::detail::instance*>(self);
    return static_cast<T*>(instance->simple_value_holder[0]);
}

template <class T>
T& require_object(PyObject* self) {
    T* const found = object_of<T>(self);
    if (found == nullptr)
        throw_python(PyExc_TypeError, "nodespan: __init__ of the base class was not called");
    return *found;
}

// Runs what returns a new reference, or null with an exception set.
template <class Body>
PyObject* guarded(Body&& body) noexcept {
    try {
        return body();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

// Global indices of one element from a[i] or a[i, j]; false where the key is anything else.
bool read_indices(const array_object& array, PyObject* key, index_list& at) {
    const index_list& extents = array.extents();
    const bool is_tuple = PyTuple_CheckExact(key) != 0;
    const std::size_t count = is_tuple ? static_cast<std::size_t>(PyTuple_GET_SIZE(key)) : 1;
    if (count != extents.size()) return false;
    at = extents;
    for (std::size_t d = 0; d < count; ++d) {
        PyObject* const one = is_tuple ? PyTuple_GET_ITEM(key, static_cast<Py_ssize_t>(d)) : key;
        if (!PyLong_CheckExact(one)) return false;
        const index_t given = PyLong_AsLongLong(one);
        if (given == -1 && PyErr_Occurred() != nullptr) PyErr_Clear(); // out of bounds below
        at[d] = given < 0 ? given + extents[d] : given;
        if (at[d] < 0 || at[d] >= extents[d])
            throw_python(PyExc_IndexError, "index " + std::string(py::str(py::handle(one))) +
                                               " is out of bounds for axis " + std::to_string(d) +
                                               " with size " + std::to_string(extents[d]));
    }
    return true;
}

// Where that is in the ndarray of this node.
py::tuple on_node(const array_object& array, const index_list& at) {
    py::tuple result(at.size());
    for (std::size_t d = 0; d < at.size(); ++d)
        PyTuple_SET_ITEM(result.ptr(), static_cast<Py_ssize_t>(d),
                         PyLong_FromLongLong(at[d] - array.node_box().lo[d]));
    return result;
}

// What NumPy finds may lie in the shared memory still.
PyObject* copied(PyObject* found) {
    if (found == nullptr || !may_share_memory(found)) return found;
    const auto owned = py::reinterpret_steal<py::object>(found);
    return owned.attr("copy")().release().ptr();
}

PyObject* get_item(PyObject* self, PyObject* key) noexcept {
    return guarded([&]() -> PyObject* {
        const auto& array = require_object<array_object>(self);
        auto& core = array.core("read");
        if (array.is_whole_here()) return copied(PyObject_GetItem(array.node().ptr(), key));
        index_list at;
        if (!read_indices(array, key, at))
            return py::handle(self).attr("_get")(py::handle(key)).release().ptr();
        if (array.node_box().contains(at)) {
            tell_element(array, at, op::read);
            return copied(PyObject_GetItem(array.node().ptr(), on_node(array, at).ptr()));
        }
        std::vector<std::byte> bytes(array.type().bytes);
        waiting("read of an element", [&] { core.get_element(at, bytes.data()); });
        return scalar_of(bytes.data(), array.type().type);
    });
}

int set_item(PyObject* self, PyObject* key, PyObject* value) noexcept {
    const auto done = guarded([&]() -> PyObject* {
        const auto& array = require_object<array_object>(self);
        auto& core = array.core("write");
        if (value == nullptr)
            throw_python(PyExc_TypeError, "nodespan: elements of an array cannot be deleted");
        int failed = 0;
        index_list at;
        if (array.is_whole_here()) {
            failed = PyObject_SetItem(array.node().ptr(), key, value);
        } else if (!read_indices(array, key, at)) {
            py::handle(self).attr("_set")(py::handle(key), py::handle(value));
        } else if (array.node_box().contains(at)) {
            failed = PyObject_SetItem(array.node().ptr(), on_node(array, at).ptr(), value);
            if (failed == 0) tell_element(array, at, op::write);
        } else {
            const py::array bytes = element_from(value, array.type().type);
            waiting("write of an element", [&] { core.put_element(at, bytes.data()); });
        }
        return failed != 0 ? nullptr : Py_None;
    });
    return done == nullptr ? -1 : 0;
}

template <class Object, class Use>
PyObject* call_on(PyObject* self, const char* name, Use&& use) noexcept {
    return guarded([&]() -> PyObject* {
        auto&& found = use(require_object<Object>(self));
        waiting(name, found);
        Py_RETURN_NONE;
    });
}

PyObject* team_fence(PyObject* self, PyObject*) noexcept {
    return call_on<team_object>(self, "Team.fence", [](team_object& found) {
        return [&ranks = found.ranks("Team.fence")] { ranks.fence(); };
    });
}

PyObject* team_node_fence(PyObject* self, PyObject*) noexcept {
    return call_on<team_object>(self, "Team.node_fence", [](team_object& found) {
        return [&ranks = found.ranks("Team.node_fence")] { ranks.node_fence(); };
    });
}

PyObject* array_fence(PyObject* self, PyObject*) noexcept {
    return call_on<array_object>(self, "Array.fence", [](array_object& found) {
        return [&core = found.core("fence")] { core.fence(); };
    });
}

PyObject* array_node_fence(PyObject* self, PyObject*) noexcept {
    return call_on<array_object>(self, "Array.node_fence", [](array_object& found) {
        return [&core = found.core("node_fence")] { core.node_fence(); };
    });
}

PyObject* array_fetch_add(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
    return guarded([&]() -> PyObject* {
        const auto& array = require_object<array_object>(self);
        auto& core = array.core("fetch_add");
        if (count != 2)
            throw_python(PyExc_TypeError, "fetch_add takes an index and a number, such as "
                                          "fetch_add((0, 0), 1)");
        index_list at;
        if (!read_indices(array, args[0], at))
            throw_python(PyExc_IndexError,
                         "nodespan: fetch_add takes the indices of one element, such as (0, 0)");
        const py::array added = element_from(args[1], array.type().type);
        std::array<std::byte, 16> before{};
        if (core.is_one_node()) tell_element(array, at, op::fetch_add); // else the library does
        fetch_add(core, array.type(), at, added.data(), before.data());
        return scalar_of(before.data(), array.type().type);
    });
}

void add(PyObject* type, PyMethodDef* methods) {
    for (; methods->ml_name != nullptr; ++methods) {
        PyObject* const made = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), methods);
        if (made == nullptr || PyObject_SetAttrString(type, methods->ml_name, made) != 0)
            throw py::error_already_set();
        Py_DECREF(made);
    }
}

} // namespace

void add_subscripts_of_arrays(PyHeapTypeObject* type) {
    type->as_mapping.mp_subscript = get_item;
    type->as_mapping.mp_ass_subscript = set_item;
    type->ht_type.tp_as_mapping = &type->as_mapping;
}

void add_hot_calls_of_arrays(py::class_<array_object>& arrays) {
    static PyMethodDef methods[] = {
        {"fence", array_fence, METH_NOARGS,
         "fence()\n--\n\n"
         "Ends the epoch: what any rank wrote before is visible to all ranks after it.\n\n"
         "Call: collective over the team. Errors: PeerLostError, MPIError.\n"
         "Cost: on one node some loads and stores; else a barrier between nodes."},
        {"node_fence", array_node_fence, METH_NOARGS,
         "node_fence()\n--\n\n"
         "The same for the ranks of this node, and what they wrote directly.\n\n"
         "Call: collective over the node."},
        {"fetch_add", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(array_fetch_add)),
         METH_FASTCALL,
         "fetch_add(index, value)\n--\n\n"
         "Adds to one element in one indivisible step; returns the value that it had.\n\n"
         "Shape: index has a number for each dimension; integers, float32 or float64.\n"
         "Call: any rank alone. Errors: IndexError, TypeError (a dtype without).\n"
         "Cost: one node: an atomic instruction. Several: a round trip."},
        {nullptr, nullptr, 0, nullptr}};
    add(arrays.ptr(), methods);
}

void add_hot_calls_of_teams(py::class_<team_object>& teams) {
    static PyMethodDef methods[] = {
        {"fence", team_fence, METH_NOARGS,
         "fence()\n--\n\n"
         "Ends the epoch: what any rank wrote before, in any array of the team, is visible to all\n"
         "ranks after it.\n\n"
         "Call: collective over the team. Errors: PeerLostError, MPIError."},
        {"node_fence", team_node_fence, METH_NOARGS,
         "node_fence()\n--\n\nThe same for the ranks of this node, and what they wrote "
         "directly.\n\n"
         "Call: collective over the node."},
        {nullptr, nullptr, 0, nullptr}};
    add(teams.ptr(), methods);
}

} // namespace nodespan::python
