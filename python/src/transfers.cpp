// What moves patches and lists of elements, from and to ndarrays of this rank's own.

#include "array_object.hpp"

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

void gather(const array_object& self, const py::array& places, const py::array& to) {
    detail::array_core& core = self.core("gather");
    const list all = list_of(places, to);
    waiting("Array.gather", [&] { core.gather(all.places, all.count, all.elements, all.room); });
}

void scatter(const array_object& self, const py::array& places, const py::array& from) {
    detail::array_core& core = self.core("scatter");
    const list all = list_of(places, from);
    waiting("Array.scatter", [&] { core.scatter(all.places, all.count, all.elements, all.room); });
}

void scatter_add(const array_object& self, const py::array& places, const py::array& from) {
    detail::array_core& core = self.core("scatter_add");
    const list all = list_of(places, from);
    waiting("Array.scatter_add",
            [&] { core.scatter_add(all.places, all.count, all.elements, all.room); });
}

void gather_all(const array_object& self, const py::array& places, const py::array& to) {
    detail::array_core& core = self.core("gather_all");
    const list all = list_of(places, to);
    waiting("Array.gather_all",
            [&] { core.gather_all(all.places, all.count, all.elements, all.room); });
}

void scatter_all(const array_object& self, const py::array& places, const py::array& from) {
    detail::array_core& core = self.core("scatter_all");
    const list all = list_of(places, from);
    waiting("Array.scatter_all",
            [&] { core.scatter_all(all.places, all.count, all.elements, all.room); });
}

void scatter_add_all(const array_object& self, const py::array& places, const py::array& from) {
    detail::array_core& core = self.core("scatter_add_all");
    const list all = list_of(places, from);
    waiting("Array.scatter_add_all",
            [&] { core.scatter_add_all(all.places, all.count, all.elements, all.room); });
}

} // namespace

void bind_transfers(py::class_<array_object>& arrays) {
    arrays.def("_get_box", &get_box);
    arrays.def("_put_box", &put_box);
    arrays.def("_accumulate_box", &accumulate_box);
    arrays.def("_gather", &gather);
    arrays.def("_scatter", &scatter);
    arrays.def("_scatter_add", &scatter_add);
    arrays.def("_gather_all", &gather_all);
    arrays.def("_scatter_all", &scatter_all);
    arrays.def("_scatter_add_all", &scatter_add_all);
    arrays.def("_is_number", [](const array_object& self) {
        return self.type().kind != detail::element_kind::other;
    });
}

} // namespace nodespan::python
