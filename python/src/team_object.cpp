#include "team_object.hpp"

#include "dtypes.hpp"
#include "hot_calls.hpp"
#include "mirror.hpp"
#include "python_mpi.hpp"

namespace nodespan::python {
namespace {

std::unique_ptr<team_object> make_team(std::uintptr_t comm, bool is_world, int ranks_per_node) {
    start_mpi();
    team_state* const state = waiting("Team", [&] {
        return team_state::make_root(
            team(is_world ? MPI_COMM_WORLD : comm_of(comm), {ranks_per_node}));
    });
    // A root is not ended when Python lets go of it, but when it is closed, or with MPI.
    return std::make_unique<team_object>(std::shared_ptr<team_state>(state, [](team_state*) {}));
}

std::unique_ptr<team_object> split(team_object& self, const py::object& color,
                                   const py::object& key) {
    int c = 0, k = 0;
    self.state().meet_after("Team.split", [&] {
        c = color.cast<int>();
        k = key.cast<int>();
    });
    team& all = self.ranks("Team.split");
    return std::make_unique<team_object>(
        self.state().keep_team("Team.split", [&] { return all.split(c, k); }));
}

// The memory of an ndarray, where it is shared at the address at which the library knows it.
std::byte* shared_memory_of(const py::array& values) {
    return where_shared(static_cast<std::byte*>(const_cast<void*>(values.data())),
                        static_cast<std::size_t>(values.nbytes()));
}

// All ranks' values, combined in place; the memory is an ndarray's.
void combine(team_object& self, const py::array& values, const std::string& op) {
    const element found = element_of(values.dtype());
    team& all = self.ranks("Team.all_reduce");
    detail::collective_call call;
    call.kind = found.kind;
    call.op = op_named(op);
    call.element_bytes = found.bytes;
    call.count = static_cast<std::size_t>(values.size());
    call.values = shared_memory_of(values);
    waiting("Team.all_reduce", [&] { detail::run_collective(all, call); });
}

void send_to_all(team_object& self, const py::array& values, int root) {
    team& all = self.ranks("Team.broadcast");
    detail::collective_call call;
    call.name = detail::collective_call::name_type::broadcast;
    call.op = accumulate_op::replace;
    call.root = root;
    call.element_bytes = static_cast<std::size_t>(values.itemsize());
    call.count = static_cast<std::size_t>(values.size());
    call.values = shared_memory_of(values);
    waiting("Team.broadcast", [&] { detail::run_collective(all, call); });
}

// A rank that cannot come to a collective call as it should lets it fail on all ranks.
void spoil(team_object& self) {
    team& all = self.ranks("Team.all_reduce");
    detail::collective_call call;
    call.name = detail::collective_call::name_type::reduce;
    call.root = -1;
    call.kind = detail::element_kind::int8;
    call.element_bytes = 1;
    try {
        waiting("Team.all_reduce", [&] { detail::run_collective(all, call); });
    } catch (const error&) {
        // That is what it is for; the caller has an exception of its own.
    }
}

} // namespace

void bind_team(py::module_& module) {
    py::class_<team_object> teams(module, "Team");
    teams.def(py::init(&make_team), py::arg("comm"), py::arg("is_world"),
              py::arg("ranks_per_node"));
    teams.def(py::init(&split), py::arg("whole"), py::arg("color"), py::arg("key"));
    const auto ask = [&](const char* name, int (team::*question)() const) {
        teams.def_property_readonly(
            name, [=](team_object& self) { return (self.ranks(name).*question)(); });
    };
    ask("rank", &team::rank);
    ask("size", &team::size);
    ask("node", &team::node);
    ask("nodes", &team::nodes);
    ask("node_rank", &team::node_rank);
    ask("node_size", &team::node_size);
    teams.def_property_readonly(
        "is_leader", [](team_object& self) { return self.ranks("is_leader").is_leader(); });
    teams.def_property_readonly("closed",
                                [](team_object& self) { return !self.state().is_open(); });
    teams.def_property_readonly("live", [](team_object& self) { return self.state().count(); });
    teams.def("node_of",
              [](team_object& self, int rank) { return self.ranks("node_of").node_of(rank); });
    teams.def("comm_rank",
              [](team_object& self, int rank) { return self.ranks("comm_rank").comm_rank(rank); });
    teams.def("_first_rank", [](team_object& self, int node) {
        return self.ranks("node").placement().first_rank(node);
    });
    teams.def("_comm", [](team_object& self) { return handle_of(self.ranks("comm").comm()); });
    teams.def("_node_comm",
              [](team_object& self) { return handle_of(self.ranks("node_comm").node_comm()); });
    teams.def("progress", [](team_object& self) { self.ranks("progress").progress(); });
    teams.def("_close", [](team_object& self) { self.state().close(); });
    teams.def(
        "_meet",
        [](team_object& self, const py::object& failed, const std::string& operation,
           const std::string& arguments) {
            std::optional<failure> mine;
            if (!failed.is_none()) mine = failure_of(failed);
            self.state().meet(operation.c_str(), mine, arguments);
        },
        py::arg("failed"), py::arg("operation") = "collective call", py::arg("arguments") = "");
    teams.def("_combine", &combine);
    teams.def("_broadcast", &send_to_all);
    teams.def("_spoil", &spoil);
    add_hot_calls_of_teams(teams);
}

} // namespace nodespan::python
