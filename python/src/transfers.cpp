// What moves patches and lists of elements, from and to ndarrays of this rank's own.

#include "array_object.hpp"

#include <string>

namespace nodespan::python {
namespace {

detail::patch_memory memory_of(const py::array& values) {
    detail::patch_memory result;
    result.data = static_cast<std::byte*>(const_cast<void*>(values.data()));
    result.size = values.size();
    return result;
}

// The package gives contiguous arrays of the array's own dtype.
void get_box(const array_object& self, const py::sequence& lo, const py::sequence& hi,
             const py::array& to) {
    detail::array_core& core = self.core("read");
    const box<dynamic_rank> patch = box_of(self, lo, hi);
    waiting("Array read", [&] { core.get(patch, memory_of(to)); });
}

void put_box(const array_object& self, const py::sequence& lo, const py::sequence& hi,
             const py::array& from) {
    detail::array_core& core = self.core("write");
    const box<dynamic_rank> patch = box_of(self, lo, hi);
    waiting("Array write", [&] { core.put(patch, memory_of(from)); });
}

void accumulate_box(const array_object& self, const py::sequence& lo, const py::sequence& hi,
                    const py::array& from, const std::string& op) {
    detail::array_core& core = self.core("add");
    const box<dynamic_rank> patch = box_of(self, lo, hi);
    const accumulate_op wanted = op_named(op);
    waiting("Array.add", [&] { core.accumulate(patch, memory_of(from), wanted, nullptr); });
}

// Places are rows of int64, one an element.
struct list {
    const index_t* places;
    std::size_t count;
    std::byte* elements;
    std::size_t room;
};

list list_of(const py::array& places, const py::array& elements) {
    return {static_cast<const index_t*>(places.data()), static_cast<std::size_t>(places.shape(0)),
            static_cast<std::byte*>(const_cast<void*>(elements.data())),
            static_cast<std::size_t>(elements.size())};
}

// A call on places and as many elements, by its name in Python: Array.gather for "gather".
template <class F>
void bind_list(py::class_<array_object>& arrays, const char* name, F call) {
    const std::string own = std::string("_") + name, shown = std::string("Array.") + name;
    arrays.def(own.c_str(),
               [=](const array_object& self, const py::array& places, const py::array& elements) {
                   detail::array_core& core = self.core(name);
                   const list all = list_of(places, elements);
                   waiting(shown.c_str(), [&] { call(core, all); });
               });
}

} // namespace

void bind_transfers(py::class_<array_object>& arrays) {
    arrays.def("_get_box", &get_box);
    arrays.def("_put_box", &put_box);
    arrays.def("_accumulate_box", &accumulate_box);
    bind_list(arrays, "gather", [](detail::array_core& core, const list& all) {
        core.gather(all.places, all.count, all.elements, all.room);
    });
    bind_list(arrays, "scatter", [](detail::array_core& core, const list& all) {
        core.scatter(all.places, all.count, all.elements, all.room);
    });
    bind_list(arrays, "scatter_add", [](detail::array_core& core, const list& all) {
        core.scatter_add(all.places, all.count, all.elements, all.room);
    });
    bind_list(arrays, "gather_all", [](detail::array_core& core, const list& all) {
        core.gather_all(all.places, all.count, all.elements, all.room);
    });
    bind_list(arrays, "scatter_all", [](detail::array_core& core, const list& all) {
        core.scatter_all(all.places, all.count, all.elements, all.room);
    });
    bind_list(arrays, "scatter_add_all", [](detail::array_core& core, const list& all) {
        core.scatter_add_all(all.places, all.count, all.elements, all.room);
    });
    arrays.def("_is_number", [](const array_object& self) {
        return self.type().kind != detail::element_kind::other;
    });
}

} // namespace nodespan::python
