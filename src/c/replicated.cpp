#include "replicated.hpp"

#include "array.hpp"

#include <cstddef>
#include <memory>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

template <class Body>
int on_table(const char* function, nodespan_replicated table, Body&& body) {
    return c_call([&] { body(*require_given(function, "table", table).core); });
}

} // namespace

int nodespan_replicated_create(nodespan_team team, nodespan_type type, int dimensions,
                               const int64_t* extents, nodespan_replicated* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_replicated_create";
        auto& ranks = require_given(name, "team", team).team;
        std::unique_ptr<nodespan_replicated_object> made;
        detail::agree_on_arguments(ranks, name, [&] {
            require_given(name, "result", result);
            made = std::make_unique<nodespan_replicated_object>();
            made->type = detail::take_type(name, type);
            detail::require_dimensions(name, dimensions);
            require_given(name, "extents", extents);
            made->extents = index_list(dimensions, 0);
            for (std::size_t d = 0; d < made->extents.size(); ++d) made->extents[d] = extents[d];
        });
        made->core.emplace(ranks, made->extents, bytes_of(made->type), dtype_name(made->type));
        *result = made.release();
    });
}

int nodespan_replicated_free(nodespan_replicated* table) {
    return c_call([&] { detail::end_handle("nodespan_replicated_free", "table", table); });
}

int nodespan_replicated_node(nodespan_replicated table, const void** data) {
    return on_table(__func__, table, [&](auto& core) {
        require_given("nodespan_replicated_node", "data", data) = core.data();
    });
}

int nodespan_replicated_edit(nodespan_replicated table, void** data) {
    return on_table(__func__, table, [&](auto& core) {
        require_given("nodespan_replicated_edit", "data", data) = core.data();
    });
}

int nodespan_replicated_load(nodespan_replicated table, const void* from, int64_t count, int root) {
    return on_table(__func__, table, [&](auto& core) {
        constexpr const char* name = "nodespan_replicated_load";
        detail::agree_on_arguments(core.get_team(), name, [&] {
            if (root != core.get_team().rank()) return;
            if (count != 0) detail::require_not_null(name, "from", from);
            if (count < 0)
                throw error(errc::invalid_argument, fmt::format("{}: a count of {}", name, count));
        });
        core.load(static_cast<const std::byte*>(from), static_cast<std::size_t>(count), root);
    });
}

int nodespan_replicated_publish(nodespan_replicated table, int node) {
    return on_table(__func__, table, [&](auto& core) { core.publish(node); });
}
