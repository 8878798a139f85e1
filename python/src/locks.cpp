#include "array_object.hpp"

namespace nodespan::python {
namespace {

/// A lock of an array, or a reader's side of it; keeps the array's memory.
class lock_object {
public:
    lock_object(const array_object& array, int node, bool is_shared)
        : core_((array.core("lock"), array.shared())),
          lock_(&core_->lock_of(node)),
          is_shared_(is_shared) {}

    bool acquire(bool waits) {
        if (!waits) return is_shared_ ? lock_->try_lock_shared() : lock_->try_lock();
        waiting("Lock.acquire", [&] { is_shared_ ? lock_->lock_shared() : lock_->lock(); });
        return true;
    }

    void release() {
        waiting("Lock.release", [&] { is_shared_ ? lock_->unlock_shared() : lock_->unlock(); });
    }

private:
    std::shared_ptr<detail::array_core> core_;
    mutex* lock_;
    bool is_shared_;
};

} // namespace

void bind_locks(py::module_& module) {
    py::class_<lock_object> locks(module, "Lock",
                                  "A lock of an array's node: with a.lock(node): ... It is fair, "
                                  "and not recursive. What was\n"
                                  "written under it is visible to the next one who holds it.");
    locks.def(py::init<const array_object&, int, bool>());
    locks.def("acquire", &lock_object::acquire, py::arg("blocking") = true,
              "Takes the lock; returns whether it did, which it may not with blocking=False.");
    locks.def("release", &lock_object::release, "Lets go of it: the rank that has taken it.");
    locks.def("__enter__", [](py::object self) {
        self.cast<lock_object&>().acquire(true);
        return self;
    });
    locks.def("__exit__", [](lock_object& self, const py::args&) { self.release(); });
}

} // namespace nodespan::python
