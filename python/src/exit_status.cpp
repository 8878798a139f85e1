#include "exit_status.hpp"

#include "binding.hpp"
#include "waiting.hpp"

#include <atomic>

// A SystemExit that nobody catches is thrown away by the interpreter when it has taken the status
// out of it and before it begins to end: on the main thread, where no Python function runs any
// more. One that is caught is thrown away by the function that has caught it. So the end of such an
// object tells which of them it was.

namespace nodespan::python {
namespace {

std::atomic<int> found_status{0};
destructor own_end = nullptr; // of SystemExit

int status_of(PyObject* code) noexcept {
    if (code == nullptr || code == Py_None) return 0;
    if (PyLong_Check(code) == 0) return 1; // a text, which has been printed
    int has_overflown = 0;
    const long value = PyLong_AsLongAndOverflow(code, &has_overflown);
    return has_overflown != 0 ? 1 : static_cast<int>(value & 0xff);
}

void end_of_system_exit(PyObject* self) {
    if (Py_IsInitialized() != 0 && is_main_thread() && PyEval_GetFrame() == nullptr)
        found_status.store(status_of(reinterpret_cast<PySystemExitObject*>(self)->code));
    own_end(self);
}

} // namespace

void watch_exits() noexcept {
    if (own_end != nullptr) return;
    auto* const type = reinterpret_cast<PyTypeObject*>(PyExc_SystemExit);
    own_end = type->tp_dealloc;
    type->tp_dealloc = end_of_system_exit;
}

int exit_status() noexcept {
    return found_status.load();
}

} // namespace nodespan::python
