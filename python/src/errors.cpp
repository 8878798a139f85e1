#include "errors.hpp"

#include <exception>
#include <new>
#include <string_view>

namespace nodespan::python {
namespace {

// The exceptions of this package; owned by the module, which is never unloaded.
PyObject* peer_lost_type = nullptr;
PyObject* mpi_error_type = nullptr;

PyObject* type_of(const std::error_code& code) {
    if (code.category() == mpi_category()) return mpi_error_type;
    if (code == std::errc::not_enough_memory) return PyExc_MemoryError;
    if (code.category() != own_category()) return PyExc_RuntimeError;
    switch (static_cast<errc>(code.value())) {
    case errc::invalid_argument:
    case errc::mismatched_arguments:
    case errc::size_mismatch:
        return PyExc_ValueError;
    case errc::out_of_range:
    case errc::not_on_node:
        return PyExc_IndexError;
    case errc::no_capacity:
        return PyExc_MemoryError;
    case errc::io:
        return PyExc_OSError;
    case errc::peer_lost:
        return peer_lost_type;
    case errc::not_initialized:
    case errc::finalized:
    case errc::wrong_thread:
    case errc::unsupported:
    case errc::device:
        break;
    }
    return PyExc_RuntimeError;
}

// Sets the exception. Its text may quote a file's bytes or a file's name, which need not be UTF-8.
void set(PyObject* type, std::string_view text) noexcept {
    PyObject* const shown =
        PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace");
    if (shown == nullptr) return; // the exception is then that there is no memory
    PyErr_SetObject(type, shown);
    Py_DECREF(shown);
}

// The type that all ranks know by this name; null where there is none.
PyObject* find_type(const std::string& name) {
    if (name == "PeerLostError") return peer_lost_type;
    if (name == "MPIError") return mpi_error_type;
    PyObject* const found = PyDict_GetItemString(PyEval_GetBuiltins(), name.c_str());
    return found != nullptr && PyExceptionClass_Check(found) ? found : nullptr;
}

// What all ranks know of a type: it, or the first of its bases that they do.
std::string known_name_of(const py::handle& type) {
    for (const py::handle one : type.attr("__mro__")) {
        const auto name = one.attr("__name__").cast<std::string>();
        if (find_type(name) != nullptr) return name;
    }
    return "RuntimeError";
}

} // namespace

failure failure_of(py::handle exception) {
    return {known_name_of(py::type::handle_of(exception)), py::str(exception)};
}

failure failure_in_flight() {
    try {
        throw;
    } catch (const py::error_already_set& failed) {
        return failure_of(failed.value()); // which is thrown again: it can be restored only once
    } catch (...) {
        set_python_error();
    }
    const py::error_already_set taken;
    return failure_of(taken.value());
}

void raise_failure(const failure& what, int rank) {
    PyObject* const type = find_type(what.type);
    throw_python(type != nullptr ? type : PyExc_RuntimeError,
                 what.text + " [on rank " + std::to_string(rank) + "]");
}

void set_python_error() noexcept {
    try {
        throw;
    } catch (py::error_already_set& failed) {
        failed.restore();
    } catch (const error& failed) {
        set(type_of(failed.code()), failed.what());
    } catch (const py::builtin_exception& failed) {
        failed.set_error();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& failed) {
        set(PyExc_RuntimeError, failed.what());
    } catch (...) {
        set(PyExc_RuntimeError, "nodespan: an exception of a type that is not known");
    }
}

void throw_python(PyObject* type, const std::string& text) {
    set(type, text);
    throw py::error_already_set();
}

void bind_errors(py::module_& module) {
    const auto make = [&](const char* name, const char* full, const char* doc) {
        PyObject* const type = PyErr_NewExceptionWithDoc(full, doc, PyExc_RuntimeError, nullptr);
        if (type == nullptr) throw py::error_already_set();
        module.add_object(name, type);
        return type;
    };
    peer_lost_type = make("PeerLostError", "nodespan.PeerLostError",
                          "Another rank has left the team, by an exception or for good.");
    mpi_error_type = make("MPIError", "nodespan.MPIError", "A call of MPI has failed.");
    py::register_exception_translator([](std::exception_ptr failed) {
        try {
            if (failed) std::rethrow_exception(failed);
        } catch (const error& what) {
            set(type_of(what.code()), what.what());
        }
    });
}

} // namespace nodespan::python
