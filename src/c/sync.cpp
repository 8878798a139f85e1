// The C calls on arrays that order accesses: fences, ghosts, locks.

#include "array.hpp"

using nodespan::detail::array_core;
using nodespan::detail::c_call;
using nodespan::detail::require_given;

namespace {

template <class Body>
int on_core(const char* function, nodespan_array array, Body&& body) {
    return c_call([&] { body(*require_given(function, "array", array).core); });
}

} // namespace

int nodespan_array_fence(nodespan_array array) {
    return on_core(__func__, array, [](array_core& core) { core.fence(); });
}

int nodespan_array_node_fence(nodespan_array array) {
    return on_core(__func__, array, [](array_core& core) { core.node_fence(); });
}

int nodespan_array_exchange_ghosts(nodespan_array array) {
    return on_core(__func__, array, [](array_core& core) { core.exchange_ghosts(); });
}

int nodespan_array_start_exchange_ghosts(nodespan_array array) {
    return on_core(__func__, array, [](array_core& core) { core.start_ghosts(); });
}

int nodespan_array_finish_exchange_ghosts(nodespan_array array) {
    return on_core(__func__, array, [](array_core& core) { core.finish_ghosts(); });
}

int nodespan_array_lock(nodespan_array array, int node) {
    return on_core(__func__, array, [&](array_core& core) { core.lock_of(node).lock(); });
}

int nodespan_array_try_lock(nodespan_array array, int node, int* taken) {
    return on_core(__func__, array, [&](array_core& core) {
        require_given("nodespan_array_try_lock", "taken", taken);
        *taken = core.lock_of(node).try_lock() ? 1 : 0;
    });
}

int nodespan_array_unlock(nodespan_array array, int node) {
    return on_core(__func__, array, [&](array_core& core) { core.lock_of(node).unlock(); });
}

int nodespan_array_lock_shared(nodespan_array array, int node) {
    return on_core(__func__, array, [&](array_core& core) { core.lock_of(node).lock_shared(); });
}

int nodespan_array_unlock_shared(nodespan_array array, int node) {
    return on_core(__func__, array, [&](array_core& core) { core.lock_of(node).unlock_shared(); });
}
