#include "intents.hpp"

#include "array_object.hpp"

#ifdef NODESPAN_RACE_CHECKER
#include "report.hpp"
#include "sources.hpp"
#endif

// What the checker learns of Python: the line that a call comes from, elements that the module
// reaches through NumPy, and what `reading` and `writing` say.

namespace nodespan::python {

#ifdef NODESPAN_RACE_CHECKER

namespace race = detail::race;

namespace {

// Of this package's files. Never destroyed.
std::string& own_folder() {
    static auto* const folder = new std::string;
    return *folder;
}

std::uintptr_t calling_line() {
    auto frame = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
    while (frame) {
        auto* const plain = reinterpret_cast<PyFrameObject*>(frame.ptr());
        const auto code =
            py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(plain)));
        const auto file = code.attr("co_filename").cast<std::string>();
        if (own_folder().empty() || !file.starts_with(own_folder()))
            return race::place_of_source(file, PyFrame_GetLineNumber(plain));
        frame =
            py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetBack(plain)));
    }
    return 0;
}

class caller {
public:
    caller() noexcept { name_caller(); }
    ~caller() { forget_caller(); }
    caller(const caller&) = delete;            // for one scope
    caller& operator=(const caller&) = delete; // for one scope
};

// Elements of the node's memory, by the library's own addresses: each `step` along a dimension.
void tell(const array_object& array, const box<dynamic_rank>& part, const index_list& step,
          race::op what) {
    const detail::array_core& core = array.core("reading or writing");
    if (part.empty()) return;
    const caller named;
    const box<dynamic_rank>& stored = core.stored_places();
    const auto bytes = static_cast<index_t>(core.element_bytes());
    index_list strides = row_major_strides(stored.extents());
    index_list extents = part.extents();
    index_t offset = 0;
    for (std::size_t d = 0; d < extents.size(); ++d) {
        strides[d] *= bytes;
        offset += (part.lo[d] - stored.lo[d]) * strides[d];
        extents[d] = (extents[d] + step[d] - 1) / step[d];
        strides[d] *= step[d];
    }
    race::touches(core.node_data() + offset, extents, strides, core.element_bytes(), what, nullptr);
}

void tell_intent(const array_object& self, const py::sequence& lo, const py::sequence& hi,
                 const py::sequence& step, bool writes) {
    tell(self, box_of(self, lo, hi), box_of(self, step, step).lo,
         writes ? race::op::intent_write : race::op::intent_read);
}

} // namespace

void name_caller() noexcept {
    try {
        race::calls_come_from(calling_line());
    } catch (...) { // no memory for a name: the report goes without it
        PyErr_Clear();
    }
}

void forget_caller() noexcept {
    race::calls_come_from(0);
}

void tell_element(const array_object& array, const index_list& at, race::op what) {
    box<dynamic_rank> one{at, at};
    for (std::size_t d = 0; d < at.size(); ++d) ++one.hi[d];
    tell(array, one, index_list(static_cast<int>(at.size()), 1), what);
}

void bind_intents(py::module_& module, py::class_<array_object>& arrays) {
    module.attr("tells_races") = true;
    module.def("know_sources", [](const std::string& own, const std::vector<std::string>& others) {
        own_folder() = own;
        for (const std::string& one : others) race::know_source(one);
    });
    module.def("races_found", &race::pairs_known);
    module.def("forget_races", &race::forget_pairs);
    arrays.def("_tell", &tell_intent);
}

#else

void bind_intents(py::module_& module, py::class_<array_object>&) {
    module.attr("tells_races") = false;
}

#endif

} // namespace nodespan::python
