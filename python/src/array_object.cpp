#include "array_object.hpp"

#include "hot_calls.hpp"
#include "intents.hpp"
#include "team_object.hpp"

#include "nodespan/detail/moving.hpp"

#include <set>

namespace nodespan::python {
namespace {

using detail::array_core;

// Names of types, as run-time arrays keep them: by address, for ever.
const char* kept(const std::string& name) {
    static auto* const all = new std::set<std::string>();
    return all->insert(name).first->c_str();
}

bool is_number(const py::object& given) {
    return PyIndex_Check(given.ptr()) != 0;
}

index_t index_from(const char* what, const py::handle& given) {
    const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(given.ptr()));
    if (!number) throw py::error_already_set();
    const long long value = PyLong_AsLongLong(number.ptr());
    if (value == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw_python(PyExc_ValueError, std::string("nodespan: ") + what + " of " +
                                           std::string(py::str(given)) + " is too large");
    }
    return value;
}

std::vector<int> ints_of(const char* what, const py::object& given) {
    std::vector<int> result;
    if (given.is_none()) return result;
    for (const auto& one : py::reinterpret_borrow<py::sequence>(given))
        result.push_back(static_cast<int>(index_from(what, one)));
    return result;
}

index_list extents_from(const py::object& shape) {
    std::vector<index_t> all;
    if (is_number(shape))
        all.push_back(index_from("an extent", shape));
    else
        for (const auto& one : py::iter(shape)) all.push_back(index_from("an extent", one));
    if (all.empty() || all.size() > max_dimensions)
        throw_python(PyExc_ValueError, "nodespan: a shape of " + std::to_string(all.size()) +
                                           " dimensions; arrays have 1 to 6");
    index_list result(static_cast<int>(all.size()), 0);
    std::copy(all.begin(), all.end(), &result[0]);
    return result;
}

array_options options_from(const array_wishes& wishes, std::size_t dimensions) {
    array_options result;
    result.zeroed = wishes.zeroed.cast<bool>();
    if (!wishes.ghosts.is_none())
        result.ghosts.width = numbers_of("ghosts", wishes.ghosts, dimensions);
    if (!wishes.periodic.is_none())
        for (const index_t one : numbers_of("periodic", wishes.periodic, dimensions))
            result.ghosts.periodic.push_back(one != 0);
    result.distribution.node_grid = ints_of("node_grid", wishes.node_grid);
    result.distribution.rank_grid = ints_of("rank_grid", wishes.rank_grid);
    if (!wishes.block.is_none())
        result.distribution.block = numbers_of("block", wishes.block, dimensions);
    if (!wishes.cuts.is_none())
        for (const auto& along : py::iter(wishes.cuts)) {
            std::vector<index_t> points;
            if (!along.is_none())
                for (const auto& one : py::iter(along)) points.push_back(index_from("a cut", one));
            result.distribution.cuts.push_back(std::move(points));
        }
    if (!wishes.name.is_none()) result.name = wishes.name.cast<std::string>();
    return result;
}

} // namespace

std::vector<index_t> numbers_of(const char* what, const py::object& given, std::size_t count) {
    if (is_number(given)) return std::vector<index_t>(count, index_from(what, given));
    std::vector<index_t> result;
    for (const auto& one : py::iter(given)) result.push_back(index_from(what, one));
    if (result.size() != count)
        throw_python(PyExc_ValueError, std::string("nodespan: ") + what + " has " +
                                           std::to_string(result.size()) + " entries for " +
                                           std::to_string(count) + " dimensions");
    return result;
}

box<dynamic_rank> box_of(const array_object& array, const py::sequence& lo,
                         const py::sequence& hi) {
    const std::size_t count = array.extents().size();
    box<dynamic_rank> result{index_list(static_cast<int>(count), 0),
                             index_list(static_cast<int>(count), 0)};
    for (std::size_t d = 0; d < count; ++d) {
        result.lo[d] = index_from("an index", lo[d]);
        result.hi[d] = index_from("an index", hi[d]);
    }
    return result;
}

py::tuple slices_of(const box<dynamic_rank>& part) {
    py::tuple result(part.lo.size());
    for (std::size_t d = 0; d < part.lo.size(); ++d)
        result[d] = py::slice(static_cast<py::ssize_t>(part.lo[d]),
                              static_cast<py::ssize_t>(part.hi[d]), 1);
    return result;
}

array_object::array_object(team_object& team, const array_wishes& wishes)
    : team_(team.shared()),
      state_(team_.get()) {
    array_options options;
    state_->meet_after("array", [&] {
        element_ = element_of(wishes.dtype);
        extents_ = extents_from(wishes.shape);
        options = options_from(wishes, extents_.size());
    });
    make("array", options, extents_, nullptr);
}

void array_object::make(const char* operation, const array_options& options,
                        const index_list& extents, const std::shared_ptr<array_memory>& old) {
    class team& ranks = state_->ranks(operation);
    const detail::element_type type{element_.bytes, element_.kind, kept(element_.name), false};
    auto memory = std::make_shared<array_memory>(state_->keep<array_core>(
        operation, [&] { return new array_core(ranks, extents, type, options); }));
    if (old != nullptr)
        waiting(operation, [&] { detail::move_elements(operation, *old->core, *memory->core); });
    memory_ = std::move(memory);
    extents_ = extents;
    const array_core& made = *memory_->core;
    node_ = view_of(made.node_places());
    const index_list nowhere(static_cast<int>(extents.size()), 0);
    node_box_ = made.is_dealt() ? box<dynamic_rank>{nowhere, nowhere} : made.node_places();
    is_whole_here_ = made.is_one_node() && !made.is_counted() && !tells_races;
}

void array_object::move_to(const char* operation, const array_wishes& wishes) {
    const array_core& old = core(operation);
    array_options options = old.options();
    index_list extents;
    state_->meet_after(operation, [&] {
        extents = extents_from(wishes.shape);
        if (extents.size() != extents_.size())
            throw_python(PyExc_ValueError, std::string("nodespan: ") + operation + ": a shape of " +
                                               std::to_string(extents.size()) +
                                               " dimensions for an array of " +
                                               std::to_string(extents_.size()));
        options.distribution = options_from(wishes, extents.size()).distribution;
        options.zeroed = false;
        for (std::size_t d = 0; d < extents.size(); ++d) options.zeroed |= extents[d] > extents_[d];
    });
    make(operation, options, extents, memory_);
}

array_core& array_object::core(const char* operation) const {
    detail::require_live_process(operation);
    if (memory_ == nullptr)
        throw_python(PyExc_ValueError,
                     std::string("nodespan: ") + operation + ": the array is closed");
    return *memory_->core;
}

void array_object::close() noexcept {
    node_ = py::array();
    memory_.reset();
}

py::array array_object::view_of(const box<dynamic_rank>& part) const {
    const box<dynamic_rank>& stored = memory_->core->stored_places();
    const index_list steps = row_major_strides(stored.extents());
    const index_list extents = part.extents();
    std::vector<py::ssize_t> shape, strides;
    index_t offset = 0;
    for (std::size_t d = 0; d < extents.size(); ++d) {
        shape.push_back(extents[d]);
        strides.push_back(steps[d] * static_cast<index_t>(element_.bytes));
        if (!part.empty()) offset += (part.lo[d] - stored.lo[d]) * strides.back();
    }
    return py::array(element_.type, shape, strides, memory_->pages.data() + offset,
                     owner_of(memory_));
}

namespace {

py::tuple tuple_of(const index_list& numbers) {
    py::tuple result(numbers.size());
    for (std::size_t d = 0; d < numbers.size(); ++d) result[d] = numbers[d];
    return result;
}

box<dynamic_rank> grown(const detail::array_core& core) {
    box<dynamic_rank> mine = core.rank_box();
    const auto& width = core.options().ghosts.width;
    if (mine.empty() || width.empty()) return mine;
    for (std::size_t d = 0; d < mine.lo.size(); ++d) {
        mine.lo[d] -= width[d];
        mine.hi[d] += width[d];
    }
    return mine;
}

// One element's indices, or its place.
index_list index_of(const array_object& self, const py::sequence& at) {
    const std::size_t dimensions = self.extents().size();
    if (at.size() != dimensions)
        throw_python(PyExc_IndexError, "nodespan: " + std::to_string(at.size()) +
                                           " indices for an array of " +
                                           std::to_string(dimensions) + " dimensions");
    return box_of(self, at, at).lo;
}

py::tuple node_place(const array_object& self, const py::sequence& at) {
    const detail::array_core& core = self.core("node_place");
    const index_list index = index_of(self, at);
    core.require_index("node_place", index);
    index_list place = core.cut().place_of(index);
    const box<dynamic_rank> holder = core.places().node_box(core.cut().owner_node(index));
    for (std::size_t d = 0; d < place.size(); ++d) place[d] -= holder.lo[d];
    return tuple_of(place);
}

// The indices of a place that is counted from the begin of a box of places.
py::tuple index_in(const array_object& self, const char* operation, const box<dynamic_rank>& places,
                   const py::sequence& place) {
    const detail::array_core& core = self.core(operation);
    index_list at = index_of(self, place);
    for (std::size_t d = 0; d < at.size(); ++d) {
        if (at[d] < 0 || at[d] >= places.hi[d] - places.lo[d])
            core.refuse_place(operation, at, places);
        at[d] += places.lo[d];
    }
    return tuple_of(core.cut().index_of(at));
}

template <class Find>
auto viewer(const char* name, Find find) {
    return [name, find](const array_object& self) { return self.view_of(find(self.core(name))); };
}

template <class Find>
auto boxer(const char* name, Find find) {
    return [name, find](const array_object& self) { return slices_of(find(self.core(name))); };
}

} // namespace

void bind_array(py::module_& module) {
    using detail::array_core;
    py::class_<array_object> arrays(module, "Array",
                                    py::custom_type_setup(&add_subscripts_of_arrays));
    arrays.def(
        py::init([](team_object& team, py::object shape, py::object dtype, py::object zeroed,
                    py::object ghosts, py::object periodic, py::object node_grid,
                    py::object rank_grid, py::object cuts, py::object block, py::object name) {
            return std::make_unique<array_object>(team, array_wishes{shape, dtype, zeroed, ghosts,
                                                                     periodic, node_grid, rank_grid,
                                                                     cuts, block, name});
        }));
    arrays.def_property_readonly("shape",
                                 [](const array_object& self) { return tuple_of(self.extents()); });
    arrays.def_property_readonly("ndim",
                                 [](const array_object& self) { return self.extents().size(); });
    arrays.def_property_readonly("dtype",
                                 [](const array_object& self) { return self.type().type; });
    arrays.def_property_readonly("closed", &array_object::is_closed);
    arrays.def("_close", &array_object::close);
    arrays.def_property_readonly(
        "name", [](const array_object& self) { return self.core("name").options().name; });
    arrays.def_property_readonly("ghosts", [](const array_object& self) {
        return self.core("ghosts").options().ghosts.width;
    });
    arrays.def_property_readonly("_is_whole_here", &array_object::is_whole_here);

    arrays.def("_local", viewer("local", [](array_core& core) { return core.rank_places(); }));
    arrays.def("_node", [](const array_object& self) {
        self.core("node");
        return self.node();
    });
    arrays.def("_node_with_ghosts",
               viewer("node_with_ghosts", [](array_core& core) { return core.stored_places(); }));
    arrays.def("_local_with_ghosts",
               viewer("local_with_ghosts", [](array_core& core) { return grown(core); }));
    arrays.def("_block", [](const array_object& self, int rank) {
        self.core("block").require_peer("block", rank);
        return self.view_of(self.core("block").places().rank_box(rank));
    });
    arrays.def_property_readonly(
        "rank_box", boxer("rank_box", [](array_core& core) { return core.rank_box(); }));
    arrays.def_property_readonly(
        "node_box", boxer("node_box", [](array_core& core) { return core.node_box(); }));
    arrays.def("rank_box_of", [](const array_object& self, int rank) {
        self.core("rank_box_of").require_rank("rank_box_of", rank);
        return slices_of(self.core("rank_box_of").cut().rank_box(rank));
    });
    arrays.def("node_box_of", [](const array_object& self, int node) {
        self.core("node_box_of").require_node("node_box_of", node);
        return slices_of(self.core("node_box_of").cut().node_box(node));
    });
    arrays.def("owner_node", [](const array_object& self, const py::sequence& at) {
        const index_list index = index_of(self, at);
        self.core("owner_node").require_index("owner_node", index);
        return self.core("owner_node").cut().owner_node(index);
    });
    arrays.def_property_readonly("is_cyclic", [](const array_object& self) {
        return self.core("is_cyclic").cut().is_cyclic();
    });
    arrays.def("node_place", &node_place);
    arrays.def("node_index", [](const array_object& self, const py::sequence& place) {
        return index_in(self, "node_index", self.core("node_index").node_places(), place);
    });
    arrays.def("local_index", [](const array_object& self, const py::sequence& place) {
        return index_in(self, "local_index", self.core("local_index").rank_places(), place);
    });
    const auto call = [&](const char* name, void (array_core::*member)()) {
        arrays.def(name, [=](const array_object& self) {
            array_core& core = self.core(name);
            waiting(name, [&] { (core.*member)(); });
        });
    };
    arrays.def("_move_to",
               [](array_object& self, const std::string& operation, py::object shape,
                  py::object node_grid, py::object rank_grid, py::object cuts, py::object block) {
                   self.move_to(operation.c_str(),
                                {shape, py::none(), py::bool_(false), py::none(), py::none(),
                                 node_grid, rank_grid, cuts, block, py::none()});
               });
    call("exchange_ghosts", &array_core::exchange_ghosts);
    call("start_exchange_ghosts", &array_core::start_ghosts);
    call("finish_exchange_ghosts", &array_core::finish_ghosts);
    bind_transfers(arrays);
    bind_whole_arrays(arrays);
    bind_intents(module, arrays);
    add_hot_calls_of_arrays(arrays);
}

} // namespace nodespan::python
