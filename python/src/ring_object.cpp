#include "team_object.hpp"

#include "dtypes.hpp"
#include "mirror.hpp"

#include "nodespan/detail/ring_core.hpp"

#include <map>
#include <optional>

namespace nodespan::python {
namespace {

using detail::ring_core;

/// A handle that ends with this object: frames and slots may be there still.
struct ended_ring {
    explicit ended_ring(std::unique_ptr<ring_core> given) : handle(std::move(given)) {}
    ~ended_ring() { handle->end(); }
    std::unique_ptr<ring_core> handle;
};

/// What views of frames keep: the ring, and its slots as far as they have been looked at.
struct ring_memory {
    explicit ring_memory(std::shared_ptr<ended_ring> given) : ring(std::move(given)) {}

    std::byte* slot(std::byte* data, std::size_t bytes) {
        return pages.try_emplace(data, data, bytes).first->second.data();
    }

    std::shared_ptr<ended_ring> ring;
    std::map<std::byte*, mirror> pages;
};

delivery delivery_named(const std::string& name) {
    if (name == "to_all") return delivery::to_all;
    if (name == "to_one") return delivery::to_one;
    throw_python(PyExc_ValueError, "nodespan: ring: delivery is to_all or to_one, not " + name);
}

when_full when_full_named(const std::string& name) {
    if (name == "block") return when_full::block;
    if (name == "drop_newest") return when_full::drop_newest;
    if (name == "drop_oldest") return when_full::drop_oldest;
    throw_python(PyExc_ValueError,
                 "nodespan: ring: when_full is block, drop_newest or drop_oldest, not " + name);
}

class ring_object {
public:
    ring_object(team_object& ranks, const py::object& elements, const py::object& dtype,
                const py::object& slots, const py::object& producer, const py::object& delivery,
                const py::object& when_full, const py::object& name)
        : team_(ranks.shared()) {
        ring_options options;
        team_->meet_after("ring", [&] {
            type_ = element_of(dtype);
            elements_ = elements.cast<index_t>();
            options.slots = slots.cast<index_t>();
            options.producer = producer.cast<int>();
            options.delivery = delivery_named(delivery.cast<std::string>());
            options.when_full = when_full_named(when_full.cast<std::string>());
            if (!name.is_none()) options.name = name.cast<std::string>();
        });
        team& everyone = team_->ranks("ring");
        const std::string type = type_.name;
        memory_ = std::make_shared<ring_memory>(team_->keep<ended_ring>("ring", [&] {
            return new ended_ring(std::make_unique<ring_core>(everyone, elements_, type_.bytes,
                                                              type.c_str(), options));
        }));
    }

    ring_core& live(const char* operation) const {
        detail::require_live_process(operation);
        return *memory_->ring->handle;
    }

    py::array reserve() {
        ring_core& ring = live("Ring.reserve");
        std::byte* const data = waiting("Ring.reserve", [&] { return ring.reserve(); });
        return view_of(data);
    }

    bool publish(std::uint64_t sequence) { return live("Ring.publish").publish(sequence); }

    // The next frame's elements, number and slot, or None.
    py::object next() {
        ring_core& ring = live("Ring.next");
        const auto found = waiting("Ring.next", [&] { return ring.next(); });
        if (!found) return py::none();
        py::array view = view_of(const_cast<std::byte*>(found->data));
        view.attr("flags").attr("writeable") = false;
        return py::make_tuple(view, found->sequence, found->slot);
    }

    void release(std::uint32_t slot) {
        if (detail::is_live_process()) memory_->ring->handle->release(slot);
    }

private:
    py::array view_of(std::byte* data) const {
        const auto bytes = static_cast<std::size_t>(elements_) * type_.bytes;
        return py::array(type_.type, std::vector<py::ssize_t>{elements_}, {},
                         memory_->slot(data, bytes), owner_of(memory_));
    }

    std::shared_ptr<team_state> team_;
    element type_;
    index_t elements_ = 0;
    std::shared_ptr<ring_memory> memory_;
};

} // namespace

void bind_ring(py::module_& module) {
    py::class_<ring_object> rings(module, "Ring");
    rings.def(py::init<team_object&, py::object, py::object, py::object, py::object, py::object,
                       py::object, py::object>());
    rings.def("_reserve", &ring_object::reserve);
    rings.def("_publish", &ring_object::publish);
    rings.def("_next", &ring_object::next);
    rings.def("_release", &ring_object::release);
    rings.def("_close", [](ring_object& self) { self.live("Ring.close").close(); });
    const auto count = [&](const char* name, std::uint64_t (ring_core::*ask)() const noexcept) {
        rings.def_property_readonly(
            name, [=](const ring_object& self) { return (self.live(name).*ask)(); });
    };
    count("published", &ring_core::published);
    count("received", &ring_core::received);
    count("lost", &ring_core::lost);
    rings.def_property_readonly(
        "is_producer", [](const ring_object& self) { return self.live("ring").is_producer(); });
}

} // namespace nodespan::python
