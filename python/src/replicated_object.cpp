#include "array_object.hpp"
#include "team_object.hpp"

#include "nodespan/detail/replicated_core.hpp"

namespace nodespan::python {
namespace {

using detail::replicated_core;

// Views keep it, as they do an array's.
struct replicated_memory {
    replicated_memory(std::shared_ptr<replicated_core> given, std::size_t bytes)
        : core(std::move(given)),
          pages(core->data(), bytes) {}

    std::shared_ptr<replicated_core> core;
    mirror pages;
};

class replicated_object {
public:
    replicated_object(team_object& ranks, const py::object& shape, const py::object& dtype)
        : team_(ranks.shared()) {
        team_->meet_after("replicated", [&] {
            type_ = element_of(dtype);
            const std::size_t dimensions = py::len(shape);
            if (dimensions < 1 || dimensions > max_dimensions)
                throw_python(PyExc_ValueError,
                             "nodespan: replicated: " + std::to_string(dimensions) +
                                 " dimensions; there are 1 to 6");
            const auto numbers = numbers_of("shape", shape, dimensions);
            extents_ = index_list(static_cast<int>(dimensions), 0);
            std::copy(numbers.begin(), numbers.end(), &extents_[0]);
        });
        team& everyone = team_->ranks("replicated");
        const std::string name = type_.name;
        auto made = team_->keep<replicated_core>("replicated", [&] {
            return new replicated_core(everyone, extents_, type_.bytes, name.c_str());
        });
        const box<dynamic_rank> all{index_list(static_cast<int>(extents_.size()), 0), extents_};
        memory_ = std::make_shared<replicated_memory>(
            std::move(made), static_cast<std::size_t>(all.size()) * type_.bytes);
    }

    py::array view(bool is_writable) const {
        detail::require_live_process("Replicated.node");
        const std::vector<py::ssize_t> shape(extents_.begin(), extents_.end());
        py::array result(type_.type, shape, {}, memory_->pages.data(), owner_of(memory_));
        if (!is_writable) result.attr("flags").attr("writeable") = false;
        return result;
    }

    void load(const py::array& from, int root) {
        detail::require_live_process("Replicated.load");
        const auto* const bytes = static_cast<const std::byte*>(from.data());
        const auto count = static_cast<std::size_t>(from.size());
        waiting("Replicated.load", [&] { memory_->core->load(bytes, count, root); });
    }

    void publish(int node) {
        detail::require_live_process("Replicated.publish");
        waiting("Replicated.publish", [&] { memory_->core->publish(node); });
    }

    const element& type() const noexcept { return type_; }
    const index_list& extents() const noexcept { return extents_; }

private:
    std::shared_ptr<team_state> team_;
    element type_;
    index_list extents_;
    std::shared_ptr<replicated_memory> memory_;
};

} // namespace

void bind_replicated(py::module_& module) {
    py::class_<replicated_object> all(module, "Replicated");
    all.def(py::init<team_object&, py::object, py::object>());
    all.def("_view", &replicated_object::view);
    all.def("_load", &replicated_object::load);
    all.def("publish", &replicated_object::publish, py::arg("node") = 0,
            "Sends the copy of node `node`, which has been edited, to all others.\n\n"
            "Call: collective over the team, same node on all ranks. Ends an epoch.");
    all.def_property_readonly("dtype",
                              [](const replicated_object& self) { return self.type().type; });
    all.def_property_readonly("shape", [](const replicated_object& self) {
        py::tuple result(self.extents().size());
        for (std::size_t d = 0; d < self.extents().size(); ++d) result[d] = self.extents()[d];
        return result;
    });
}

} // namespace nodespan::python
