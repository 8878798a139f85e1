#include "nodespan/c/ring.h"

#include "array.hpp"
#include "nodespan/detail/ring_core.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

using namespace nodespan;
using detail::c_call;
using detail::require_given;
using detail::ring_core;

struct nodespan_ring_object : detail::c_object<detail::handle_kind::ring> {
    std::optional<ring_core> core; // made last, when nothing else can fail
    std::vector<ring_core::frame> held;

    ~nodespan_ring_object() {
        if (core) core->end();
    }
    nodespan_ring_object() = default;
    nodespan_ring_object(const nodespan_ring_object&) = delete;
    nodespan_ring_object& operator=(const nodespan_ring_object&) = delete;
};

namespace {

template <class Body>
int on_ring(const char* function, nodespan_ring ring, Body&& body) {
    return c_call([&] { body(require_given(function, "ring", ring)); });
}

// What a function tells of a ring.
template <class Ask>
int tell(const char* function, nodespan_ring ring, std::uint64_t* frames, Ask&& ask) {
    return on_ring(function, ring,
                   [&](auto& own) { require_given(function, "frames", frames) = ask(*own.core); });
}

ring_options take_options(const char* function, const nodespan_ring_options& given) {
    if (given.delivery < NODESPAN_TO_ALL || given.delivery > NODESPAN_TO_ONE)
        throw error(errc::invalid_argument, fmt::format("{}: {} is no nodespan_delivery", function,
                                                        static_cast<int>(given.delivery)));
    if (given.when_full < NODESPAN_BLOCK || given.when_full > NODESPAN_DROP_OLDEST)
        throw error(errc::invalid_argument, fmt::format("{}: {} is no nodespan_when_full", function,
                                                        static_cast<int>(given.when_full)));
    ring_options result;
    if (given.slots != 0) result.slots = given.slots;
    result.producer = given.producer;
    result.delivery = given.delivery == NODESPAN_TO_ONE ? delivery::to_one : delivery::to_all;
    result.when_full = given.when_full == NODESPAN_BLOCK         ? when_full::block
                       : given.when_full == NODESPAN_DROP_NEWEST ? when_full::drop_newest
                                                                 : when_full::drop_oldest;
    if (given.name != nullptr) result.name = given.name;
    return result;
}

} // namespace

int nodespan_ring_create(nodespan_team team, nodespan_type type, int64_t frame_elements,
                         const nodespan_ring_options* options, nodespan_ring* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_ring_create";
        auto& ranks = require_given(name, "team", team).team;
        const nodespan_ring_options given =
            options != nullptr ? *options : nodespan_ring_options NODESPAN_RING_OPTIONS_INIT;
        std::unique_ptr<nodespan_ring_object> made;
        dtype element = dtype::float64;
        ring_options wanted;
        detail::agree_on_arguments(ranks, name, [&] {
            require_given(name, "result", result);
            element = detail::take_type(name, type);
            wanted = take_options(name, given);
            made = std::make_unique<nodespan_ring_object>();
        });
        made->core.emplace(ranks, frame_elements, bytes_of(element), dtype_name(element), wanted);
        *result = made.release();
    });
}

int nodespan_ring_free(nodespan_ring* ring) {
    return c_call([&] { detail::end_handle("nodespan_ring_free", "ring", ring); });
}

int nodespan_ring_reserve(nodespan_ring ring, void** elements, uint64_t* sequence) {
    return on_ring(__func__, ring, [&](auto& own) {
        void*& result = require_given("nodespan_ring_reserve", "elements", elements);
        result = own.core->reserve();
        if (sequence != nullptr) *sequence = own.core->published();
    });
}

int nodespan_ring_publish(nodespan_ring ring, int* is_there) {
    return on_ring(__func__, ring, [&](auto& own) {
        const bool stays = own.core->publish(own.core->published());
        if (is_there != nullptr) *is_there = stays ? 1 : 0;
    });
}

int nodespan_ring_close(nodespan_ring ring) {
    return on_ring(__func__, ring, [](auto& own) { own.core->close(); });
}

int nodespan_ring_next(nodespan_ring ring, const void** elements, uint64_t* sequence) {
    return on_ring(__func__, ring, [&](auto& own) {
        const void*& result = require_given("nodespan_ring_next", "elements", elements);
        own.held.reserve(own.held.size() + 1); // lest a frame is taken that cannot be kept
        const auto found = own.core->next();
        if (found) own.held.push_back(*found);
        result = found ? found->data : nullptr;
        if (found && sequence != nullptr) *sequence = found->sequence;
    });
}

int nodespan_ring_release(nodespan_ring ring, uint64_t sequence) {
    return on_ring(__func__, ring, [&](auto& own) {
        const auto at = std::ranges::find(own.held, sequence, &ring_core::frame::sequence);
        if (at == own.held.end())
            throw error(
                errc::invalid_argument,
                fmt::format("nodespan_ring_release({}): this rank holds no such frame", sequence));
        own.core->release(at->slot);
        own.held.erase(at);
    });
}

int nodespan_ring_published(nodespan_ring ring, uint64_t* frames) {
    return tell(__func__, ring, frames, [](auto& core) { return core.published(); });
}

int nodespan_ring_received(nodespan_ring ring, uint64_t* frames) {
    return tell(__func__, ring, frames, [](auto& core) { return core.received(); });
}

int nodespan_ring_lost(nodespan_ring ring, uint64_t* frames) {
    return tell(__func__, ring, frames, [](auto& core) { return core.lost(); });
}
