#include "array_object.hpp"

#include "nodespan/detail/pinned_core.hpp"

namespace nodespan::python {
namespace {

/// Elements of an array that the driver of a GPU knows, for libraries that read them in place.
class pinned_object {
public:
    pinned_object(const array_object& array, bool only_local)
        : element_(array.type()),
          core_((array.core("pin"), array.shared())) {
        const box<dynamic_rank>& stored = core_->stored_places();
        const box<dynamic_rank> part = only_local ? core_->rank_places() : core_->node_places();
        const index_list steps = row_major_strides(stored.extents());
        const index_list extents = part.extents();
        index_t first = 0, last = 0;
        for (std::size_t d = 0; d < extents.size(); ++d) {
            shape_.append(extents[d]);
            strides_.append(steps[d] * static_cast<index_t>(element_.bytes));
            first += (part.lo[d] - stored.lo[d]) * steps[d];
            last += (part.hi[d] - 1 - stored.lo[d]) * steps[d];
        }
        if (part.empty()) first = last = 0;
        const std::size_t elements = part.empty() ? 0 : static_cast<std::size_t>(last - first + 1);
        pinned_ = detail::pinned_core(
            *core_, core_->node_data() + static_cast<std::size_t>(first) * element_.bytes,
            elements * element_.bytes);
    }

    void release() { pinned_ = detail::pinned_core(); }
    bool is_pinned() const noexcept { return pinned_.is_pinned(); }
    std::size_t bytes() const noexcept { return pinned_.bytes(); }
    std::uintptr_t address() const noexcept {
        return reinterpret_cast<std::uintptr_t>(pinned_.device_data());
    }

    /// What CuPy, Numba and PyTorch ask for; version 3 of that interface.
    py::dict cuda_array_interface() const {
        if (!is_pinned())
            throw_python(PyExc_AttributeError, "nodespan: pin: the memory is not pinned any more");
        if (address() == 0 && bytes() > 0)
            throw_python(PyExc_AttributeError,
                         "nodespan: pin: this GPU does not reach the memory in place");
        py::dict result;
        result["shape"] = py::tuple(shape_);
        result["typestr"] = element_.type.attr("str");
        result["data"] = py::make_tuple(address(), false);
        result["strides"] = py::tuple(strides_);
        result["version"] = 3;
        return result;
    }

private:
    element element_;
    std::shared_ptr<detail::array_core> core_; // before what is pinned of it
    detail::pinned_core pinned_;
    py::list shape_, strides_;
};

} // namespace

void bind_pinned(py::module_& module) {
    py::class_<pinned_object> pinned(
        module, "Pinned",
        "Memory of an array that a GPU's driver knows: see Array.pin. Its end gives it back.");
    pinned.def(py::init<const array_object&, bool>());
    pinned.def_property_readonly("is_pinned", &pinned_object::is_pinned);
    pinned.def_property_readonly("nbytes", &pinned_object::bytes);
    pinned.def_property_readonly("device_address", &pinned_object::address);
    pinned.def_property_readonly("__cuda_array_interface__", &pinned_object::cuda_array_interface);
    pinned.def("release", &pinned_object::release, "Gives it back now. Again is fine.");
    pinned.def("__enter__", [](py::object self) { return self; });
    pinned.def("__exit__", [](pinned_object& self, const py::args&) { self.release(); });
}

} // namespace nodespan::python
