#include "team_object.hpp"

#include "dtypes.hpp"

#include "nodespan/detail/queue_core.hpp"

#include <cstring>

namespace nodespan::python {
namespace {

using detail::queue_core;

/// A queue of items that are copied; Python code around it turns them into values.
class queue_object {
public:
    queue_object(team_object& ranks, const py::object& dtype, const py::object& capacity)
        : team_(ranks.shared()) {
        index_t room = 0;
        team_->meet_after("queue", [&] {
            type_ = item_of(dtype);
            room = capacity.cast<index_t>();
            if (type_.bytes > most_bytes)
                throw_python(PyExc_ValueError,
                             "nodespan: queue: items of " + std::to_string(type_.bytes) +
                                 " bytes; they have up to 1024. Put large things into an array, "
                                 "and their indices into the queue");
        });
        team& everyone = team_->ranks("queue");
        const std::string name = type_.name;
        queue_ = team_->keep<queue_core>(
            "queue", [&] { return new queue_core(everyone, room, type_.bytes, name.c_str()); });
    }

    // 1: done, 0: closed.
    bool put(const py::array& item, bool waits) {
        queue_core& queue = live("Queue.put");
        const auto* const bytes = static_cast<const std::byte*>(item.data());
        if (!waits) return queue.try_put(bytes);
        return waiting("Queue.put", [&] { return queue.put(bytes); });
    }

    bool get(py::array& item, bool waits) {
        queue_core& queue = live("Queue.get");
        auto* const bytes = static_cast<std::byte*>(item.mutable_data());
        if (!waits) return queue.try_get(bytes);
        return waiting("Queue.get", [&] { return queue.get(bytes); });
    }

    queue_core& live(const char* operation) const {
        detail::require_live_process(operation);
        return *queue_;
    }

    const element& type() const noexcept { return type_; }

private:
    static constexpr std::size_t most_bytes = 1024;

    std::shared_ptr<team_state> team_;
    element type_;
    std::shared_ptr<queue_core> queue_;
};

} // namespace

void bind_queue(py::module_& module) {
    py::class_<queue_object> queues(module, "Queue");
    queues.def(py::init<team_object&, py::object, py::object>());
    queues.def("_put", &queue_object::put);
    queues.def("_get", &queue_object::get);
    queues.def_property_readonly("dtype",
                                 [](const queue_object& self) { return self.type().type; });
    queues.def_property_readonly(
        "capacity", [](const queue_object& self) { return self.live("capacity").capacity(); });
    queues.def_property_readonly(
        "closed", [](const queue_object& self) { return self.live("closed").is_closed(); });
    queues.def(
        "task_done", [](const queue_object& self) { self.live("Queue.task_done").task_done(); },
        "Marks one item that was got as done: once for each, whoever does it.");
    queues.def(
        "join",
        [](const queue_object& self) {
            detail::queue_core& queue = self.live("Queue.join");
            waiting("Queue.join", [&] { queue.join(); });
        },
        "Waits until each item that was put is marked as done.");
    queues.def(
        "close", [](const queue_object& self) { self.live("Queue.close").close(); },
        "Lets nothing in any more; what is in it can still be got.");
}

} // namespace nodespan::python
