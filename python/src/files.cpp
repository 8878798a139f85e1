#include "array_object.hpp"
#include "team_object.hpp"

#include "nodespan/csv.hpp"
#include "nodespan/npy.hpp"
#ifdef NODESPAN_HAS_HDF5
#include "nodespan/hdf5.hpp"
#endif

namespace nodespan::python {
namespace {

[[noreturn]] void refuse_file(const array_object& array, const char* format, const char* more) {
    throw_python(PyExc_TypeError, std::string("nodespan: ") + format +
                                      " files hold no elements of dtype " + array.type().name +
                                      "; they hold bool, integers, float32, float64" + more);
}

dtype number_of(const array_object& array) {
    if (!array.type().number) refuse_file(array, "NumPy", ", complex64 and complex128");
    return *array.type().number;
}

dtype csv_number_of(const array_object& array) {
    if (!array.type().number || dtype_name(*array.type().number)[0] == 'c')
        refuse_file(array, "CSV", "");
    return *array.type().number;
}

// One meeting for what each rank finds wrong by itself; the library agrees on all else.
template <class Look>
void together(const array_object& array, const char* operation, Look&& look) {
    array.core(operation);
    array.state().meet_after(operation, look);
}

void save_npy_file(const array_object& self, const py::object& file) {
    dtype type{};
    std::string path;
    together(self, "save_npy", [&] {
        path = file.cast<std::string>();
        type = number_of(self);
    });
    waiting("save_npy", [&] { detail::save_npy(self.core("save_npy"), type, path, {}); });
}

void load_npy_file(const array_object& self, const py::object& file) {
    dtype type{};
    std::string path;
    together(self, "load_npy", [&] {
        path = file.cast<std::string>();
        type = number_of(self);
    });
    waiting("load_npy", [&] { detail::load_npy(self.core("load_npy"), type, path, {}); });
}

csv_options options_of(const py::object& separator, const py::object& names) {
    csv_options result;
    if (!separator.is_none()) {
        const auto given = separator.cast<std::string>();
        if (given.size() != 1)
            throw_python(PyExc_ValueError,
                         "nodespan: csv: the separator is one character, not \"" + given + "\"");
        result.separator = given[0];
    }
    if (!names.is_none()) result.names = names.cast<std::vector<std::string>>();
    return result;
}

void save_csv_file(const array_object& self, const py::object& file, const py::object& separator,
                   const py::object& names) {
    dtype type{};
    std::string path;
    csv_options options;
    together(self, "save_csv", [&] {
        path = file.cast<std::string>();
        type = csv_number_of(self);
        options = options_of(separator, names);
    });
    waiting("save_csv", [&] { detail::save_csv(self.core("save_csv"), type, path, options); });
}

void load_csv_file(const array_object& self, const py::object& file, const py::object& separator) {
    dtype type{};
    std::string path;
    csv_options options;
    together(self, "load_csv", [&] {
        path = file.cast<std::string>();
        type = csv_number_of(self);
        options = options_of(separator, py::none());
    });
    const int dimensions = static_cast<int>(self.extents().size());
    detail::array_core& core = self.core("load_csv");
    waiting("load_csv", [&] {
        detail::load_csv(core, *detail::plan_csv(core.get_team(), type, dimensions, path, options));
    });
}

// Dtype and shape of a file's elements: this process alone looks.
py::tuple describe_npy(const std::string& file) {
    const npy_contents found = npy_info(file);
    return py::make_tuple(dtype_name(found.type), found.extents);
}

py::tuple describe_csv(const std::string& file, const py::object& separator) {
    const csv_contents found = csv_info(file, options_of(separator, py::none()));
    return py::make_tuple(found.rows, found.columns, found.names);
}

#ifdef NODESPAN_HAS_HDF5
save_mode mode_named(const std::string& name) {
    if (name == "replace_file") return save_mode::replace_file;
    if (name == "add") return save_mode::add;
    if (name == "overwrite") return save_mode::overwrite;
    throw_python(PyExc_ValueError,
                 "nodespan: save_hdf5: mode is replace_file, add or overwrite, not " + name);
}

box<dynamic_rank> whole(const array_object& array) {
    return {index_list(static_cast<int>(array.extents().size()), 0), array.extents()};
}

attribute attribute_of(const py::handle& value) {
    if (py::isinstance<py::bool_>(value)) return index_t{value.cast<bool>()};
    if (py::isinstance<py::int_>(value)) return value.cast<index_t>();
    if (py::isinstance<py::float_>(value)) return value.cast<double>();
    if (py::isinstance<py::str>(value)) return value.cast<std::string>();
    throw_python(PyExc_TypeError, "nodespan: save_hdf5: an attribute is an int, a float or a str");
}

void save_hdf5_file(const array_object& self, const py::object& file, const py::object& dataset,
                    const py::object& mode, const py::dict& more) {
    std::string path, name;
    detail::file_type type;
    save_options options;
    together(self, "save_hdf5", [&] {
        path = file.cast<std::string>();
        name = dataset.cast<std::string>();
        type = file_type_of(self.type());
        options.mode = mode_named(mode.cast<std::string>());
        if (!more["chunk"].is_none()) options.chunk = more["chunk"].cast<std::vector<index_t>>();
        options.deflate = more["deflate"].cast<int>();
        options.shuffle = more["shuffle"].cast<bool>();
        options.checksum = more["checksum"].cast<bool>();
        if (!more["attributes"].is_none())
            for (const auto& one : more["attributes"].cast<py::dict>())
                options.attributes[one.first.cast<std::string>()] = attribute_of(one.second);
    });
    waiting("save_hdf5", [&] {
        detail::save_array(self.core("save_hdf5"), type, whole(self), path, name, options);
    });
}

void load_hdf5_file(const array_object& self, const py::object& file, const py::object& dataset) {
    std::string path, name;
    detail::file_type type;
    together(self, "load_hdf5", [&] {
        path = file.cast<std::string>();
        name = dataset.cast<std::string>();
        type = file_type_of(self.type());
    });
    waiting("load_hdf5",
            [&] { detail::load_array(self.core("load_hdf5"), type, whole(self), path, name, {}); });
}

py::tuple describe_hdf5(const std::string& file, const std::string& dataset) {
    const dataset_info found = describe_dataset(file, dataset);
    return py::make_tuple(found.type, found.extents);
}
#endif

} // namespace

void bind_files(py::module_& module) {
    module.def("save_npy", &save_npy_file);
    module.def("load_npy", &load_npy_file);
    module.def("save_csv", &save_csv_file);
    module.def("load_csv", &load_csv_file);
    module.def("describe_npy", &describe_npy);
    module.def("describe_csv", &describe_csv);
#ifdef NODESPAN_HAS_HDF5
    module.def("save_hdf5", &save_hdf5_file);
    module.def("load_hdf5", &load_hdf5_file);
    module.def("describe_hdf5", &describe_hdf5);
#endif
}

} // namespace nodespan::python
