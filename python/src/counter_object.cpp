#include "team_object.hpp"

#include "nodespan/array.hpp"
#include "nodespan/counter.hpp"

namespace nodespan::python {
namespace {

class counter_object {
public:
    counter_object(team_object& ranks, const py::object& first, const py::object& portion)
        : team_(ranks.shared()) {
        index_t begin = 0, at_once = 1;
        team_->meet_after("counter", [&] {
            begin = first.cast<index_t>();
            at_once = portion.cast<index_t>();
        });
        team& everyone = team_->ranks("counter");
        counter_ =
            team_->keep<counter>("counter", [&] { return new counter(everyone, begin, at_once); });
    }

    counter& live(const char* operation) const {
        detail::require_live_process(operation);
        return *counter_;
    }

private:
    std::shared_ptr<team_state> team_;
    std::shared_ptr<counter> counter_;
};

/// Two counters that take turns to deal out work: one fence a call is enough, since the one that a
/// call has used is set back before the next call's fence, and used by the call after it.
class share_object {
public:
    explicit share_object(team_object& ranks) : team_(ranks.shared()) {
        team_->meet("share", std::nullopt);
        team& everyone = team_->ranks("share");
        tickets_ = team_->keep<array<index_t, 1>>(
            "share", [&] { return new array<index_t, 1>(everyone, {2}, {.name = "share"}); });
    }

    index_t draw() {
        detail::require_live_process("Team.share");
        if (everyone().nodes() == 1) return tickets_->fetch_add({turn_}, 1);
        return waiting("Team.share", [&] { return tickets_->fetch_add({turn_}, 1); });
    }

    void end() {
        detail::require_live_process("Team.share");
        waiting("Team.share", [&] {
            tickets_->fence();
            if (everyone().rank() == 0) tickets_->put({turn_}, 0);
        });
        turn_ = 1 - turn_;
    }

private:
    team& everyone() { return tickets_->get_team(); }

    std::shared_ptr<team_state> team_;
    std::shared_ptr<array<index_t, 1>> tickets_;
    index_t turn_ = 0;
};

} // namespace

void bind_counter(py::module_& module) {
    py::class_<counter_object> counters(
        module, "Counter",
        "A counter that all ranks of a team share: nobody gets a number twice, none is left out.");
    counters.def(py::init<team_object&, py::object, py::object>());
    counters.def(
        "next",
        [](const counter_object& self, index_t chunk) {
            counter& numbers = self.live("Counter.next");
            return waiting("Counter.next", [&] { return numbers.next(chunk); });
        },
        py::arg("chunk") = 1,
        "The first of `chunk` numbers that are the caller's alone. Call: any rank alone.");
    counters.def(
        "take",
        [](const counter_object& self, index_t most) {
            counter& numbers = self.live("Counter.take");
            const box<1> found = waiting("Counter.take", [&] { return numbers.take(most); });
            return py::module_::import("builtins").attr("range")(found.lo[0], found.hi[0]);
        },
        py::arg("most") = 1,
        "A range of up to `most` numbers that are the caller's alone. Call: any rank alone.");
    counters.def(
        "reset",
        [](const counter_object& self, index_t first) {
            counter& numbers = self.live("Counter.reset");
            waiting("Counter.reset", [&] { numbers.reset(first); });
        },
        py::arg("first") = 0,
        "Counts from `first` again. Call: collective over the team; a fence.");

    py::class_<share_object> shares(module, "Share");
    shares.def(py::init<team_object&>());
    shares.def("draw", &share_object::draw);
    shares.def("end", &share_object::end);
}

} // namespace nodespan::python
