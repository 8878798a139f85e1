#include "array_object.hpp"
#include "team_object.hpp"

#include "nodespan/checkpoint.hpp"

#include <map>
#include <memory>
#include <variant>

namespace nodespan::python {
namespace {

/// The values of a checkpoint: C++ ones, at places that stay.
using stored_value = std::variant<bool, index_t, double, std::string, std::vector<index_t>,
                                  std::vector<double>, std::vector<std::string>>;

stored_value value_from(const std::string& name, const py::handle& given) {
    if (py::isinstance<py::bool_>(given)) return given.cast<bool>();
    if (py::isinstance<py::str>(given)) return given.cast<std::string>();
    if (PyIndex_Check(given.ptr()) != 0) return given.cast<index_t>();
    if (PyFloat_Check(given.ptr())) return given.cast<double>();
    if (py::isinstance<py::list>(given) || py::isinstance<py::tuple>(given)) {
        bool all_ints = true, all_texts = true;
        for (const auto& one : given) {
            all_ints = all_ints && PyIndex_Check(one.ptr()) != 0;
            all_texts = all_texts && py::isinstance<py::str>(one);
        }
        if (all_texts && py::len(given) > 0) return given.cast<std::vector<std::string>>();
        if (all_ints && py::len(given) > 0) return given.cast<std::vector<index_t>>();
        return given.cast<std::vector<double>>();
    }
    throw_python(PyExc_TypeError, "nodespan: Checkpoint: value \"" + name +
                                      "\" is a bool, an int, a float, a str or a list of one of "
                                      "the last three");
}

class checkpoint_object {
public:
    checkpoint_object(team_object& ranks, const std::string& folder, int keep, bool read_back)
        : team_(ranks.shared()),
          saved_(team_->ranks("Checkpoint"), folder, {keep, read_back}) {}

    void add_array(const std::string& name, const array_object& array) {
        saved_.add_core(name, array.core("Checkpoint.add"), file_type_of(array.type()));
        arrays_.push_back(array.shared());
    }

    void set_value(const std::string& name, const py::object& given) {
        stored_value value = value_from(name, given);
        auto& place = values_[name];
        if (place && place->index() == value.index()) {
            *place = std::move(value);
            return;
        }
        auto made = std::make_unique<stored_value>(std::move(value));
        std::visit([&](auto& known) { saved_.add(name, known); }, *made); // may refuse the name
        place = std::move(made);
    }

    py::object get_value(const std::string& name) const {
        const auto found = values_.find(name);
        if (found == values_.end() || found->second == nullptr) throw py::key_error(name);
        return std::visit([](const auto& known) -> py::object { return py::cast(known); },
                          *found->second);
    }

    void write(index_t step) {
        detail::require_live_process("Checkpoint.write");
        waiting("Checkpoint.write", [&] { saved_.write(step); });
    }

    std::optional<index_t> restore() {
        detail::require_live_process("Checkpoint.restore");
        return waiting("Checkpoint.restore", [&] { return saved_.restore(); });
    }

    std::optional<index_t> latest() {
        detail::require_live_process("Checkpoint.latest");
        return waiting("Checkpoint.latest", [&] { return saved_.latest(); });
    }

    const checkpoint& saved() const noexcept { return saved_; }

private:
    std::shared_ptr<team_state> team_;
    std::map<std::string, std::unique_ptr<stored_value>> values_;
    std::vector<std::shared_ptr<detail::array_core>> arrays_; // as long as what points to them
    checkpoint saved_;
};

} // namespace

void bind_checkpoint(py::module_& module) {
    py::class_<checkpoint_object> all(module, "Checkpoint");
    all.def(py::init<team_object&, const std::string&, int, bool>());
    all.def("_add_array", &checkpoint_object::add_array);
    all.def("_set_value", &checkpoint_object::set_value);
    all.def("_get_value", &checkpoint_object::get_value);
    all.def("_write", &checkpoint_object::write);
    all.def("_restore", &checkpoint_object::restore);
    all.def("_latest", &checkpoint_object::latest);
    all.def_property_readonly("refused",
                              [](const checkpoint_object& self) { return self.saved().refused(); });
    all.def_property_readonly(
        "folder", [](const checkpoint_object& self) { return self.saved().folder().string(); });
}

} // namespace nodespan::python
