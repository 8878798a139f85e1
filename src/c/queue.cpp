#include "nodespan/c/queue.h"

#include "call.hpp"
#include "nodespan/detail/queue_core.hpp"

#include <cstddef>
#include <memory>
#include <optional>

using namespace nodespan;
using detail::c_call;
using detail::queue_core;
using detail::require_given;

struct nodespan_queue_object : detail::c_object<detail::handle_kind::queue> {
    std::optional<queue_core> core; // made last, when nothing else can fail
};

namespace {

template <class Body>
int on_queue(const char* function, nodespan_queue queue, Body&& body) {
    return c_call([&] { body(*require_given(function, "queue", queue).core); });
}

// Runs what moves an item, or does not.
template <class Item, class Body>
int move_item(const char* function, nodespan_queue queue, Item* item, const char* name, int* is_so,
              Body&& body) {
    return on_queue(function, queue, [&](queue_core& core) {
        detail::require_not_null(function, "item", item);
        require_given(function, name, is_so);
        *is_so = body(core) ? 1 : 0;
    });
}

const std::byte* bytes_of(const void* item) {
    return static_cast<const std::byte*>(item);
}

} // namespace

int nodespan_queue_create(nodespan_team team, int64_t capacity, size_t item_bytes,
                          nodespan_queue* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_queue_create";
        constexpr std::size_t most_bytes = 1024;
        const auto& ranks = require_given(name, "team", team).team;
        std::unique_ptr<nodespan_queue_object> made;
        detail::agree_on_arguments(team->team, name, [&] {
            require_given(name, "result", result);
            if (item_bytes < 1 || item_bytes > most_bytes)
                throw error(errc::invalid_argument,
                            fmt::format("{}: items of {} bytes; a queue has items of 1 to {}", name,
                                        item_bytes, most_bytes));
            made = std::make_unique<nodespan_queue_object>();
        });
        made->core.emplace(ranks, capacity, item_bytes,
                           fmt::format("{} bytes", item_bytes).c_str());
        *result = made.release();
    });
}

int nodespan_queue_free(nodespan_queue* queue) {
    return c_call([&] { detail::end_handle("nodespan_queue_free", "queue", queue); });
}

int nodespan_queue_capacity(nodespan_queue queue, int64_t* capacity) {
    return on_queue(__func__, queue, [&](queue_core& core) {
        require_given("nodespan_queue_capacity", "capacity", capacity) = core.capacity();
    });
}

int nodespan_queue_put(nodespan_queue queue, const void* item, int* is_put) {
    return move_item(__func__, queue, item, "is_put", is_put,
                     [&](queue_core& core) { return core.put(bytes_of(item)); });
}

int nodespan_queue_try_put(nodespan_queue queue, const void* item, int* is_put) {
    return move_item(__func__, queue, item, "is_put", is_put,
                     [&](queue_core& core) { return core.try_put(bytes_of(item)); });
}

int nodespan_queue_get(nodespan_queue queue, void* item, int* is_taken) {
    return move_item(__func__, queue, item, "is_taken", is_taken,
                     [&](queue_core& core) { return core.get(static_cast<std::byte*>(item)); });
}

int nodespan_queue_try_get(nodespan_queue queue, void* item, int* is_taken) {
    return move_item(__func__, queue, item, "is_taken", is_taken,
                     [&](queue_core& core) { return core.try_get(static_cast<std::byte*>(item)); });
}

int nodespan_queue_task_done(nodespan_queue queue) {
    return on_queue(__func__, queue, [](queue_core& core) { core.task_done(); });
}

int nodespan_queue_join(nodespan_queue queue) {
    return on_queue(__func__, queue, [](queue_core& core) { core.join(); });
}

int nodespan_queue_close(nodespan_queue queue) {
    return on_queue(__func__, queue, [](queue_core& core) { core.close(); });
}

int nodespan_queue_is_closed(nodespan_queue queue, int* is_closed) {
    return on_queue(__func__, queue, [&](queue_core& core) {
        require_given("nodespan_queue_is_closed", "is_closed", is_closed) =
            core.is_closed() ? 1 : 0;
    });
}
