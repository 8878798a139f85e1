#include "array.hpp"

#include "nodespan/column_major.hpp"

#include <memory>
#include <typeinfo>
#include <utility>
#include <vector>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

detail::element_type element_of(dtype type, bool is_transposed) {
    return visit(type, [&](auto known) {
        using T = typename decltype(known)::type;
        return detail::element_type{sizeof(T), detail::kind_of<T>(), typeid(T).name(),
                                    is_transposed};
    });
}

// The lists that a program gives, or nothing.
template <class To, class From>
std::vector<To> list_of(const From* values, std::size_t count) {
    return values == nullptr ? std::vector<To>() : std::vector<To>(values, values + count);
}

array_options take_options(const nodespan_array_options& given, std::size_t dimensions) {
    if (given.order != NODESPAN_ROW_MAJOR && given.order != NODESPAN_COLUMN_MAJOR)
        throw error(errc::invalid_argument,
                    fmt::format("nodespan_array_create: order {} is neither NODESPAN_ROW_MAJOR nor "
                                "NODESPAN_COLUMN_MAJOR",
                                static_cast<int>(given.order)));
    array_options result;
    result.distribution.node_grid = list_of<int>(given.node_grid, dimensions);
    result.distribution.rank_grid = list_of<int>(given.rank_grid, dimensions);
    result.ghosts.width = list_of<index_t>(given.ghosts, dimensions);
    result.ghosts.periodic = list_of<bool>(given.periodic, dimensions);
    result.zeroed = given.unspecified == 0;
    if (given.name != nullptr) result.name = given.name;
    return given.order == NODESPAN_COLUMN_MAJOR ? detail::transposed(std::move(result)) : result;
}

index_list take_extents(const std::int64_t* extents, int dimensions, bool is_column_major) {
    if (dimensions < 1 || dimensions > max_dimensions)
        throw error(errc::invalid_argument,
                    fmt::format("nodespan_array_create: {} dimensions; an array has 1 to {}",
                                dimensions, max_dimensions));
    require_given("nodespan_array_create", "extents", extents);
    index_list result(dimensions, 0);
    for (std::size_t d = 0; d < result.size(); ++d) result[d] = extents[d];
    return is_column_major ? reversed(result) : result;
}

dtype take_type(nodespan_type type) {
    if (nodespan_type_name(type) == nullptr)
        throw error(
            errc::invalid_argument,
            fmt::format("nodespan_array_create: {} is no nodespan_type", static_cast<int>(type)));
    return static_cast<dtype>(type);
}

// Runs what asks or uses an array.
template <class Body>
int on_array(const char* function, nodespan_array array, Body&& body) {
    return c_call([&] {
        require_given(function, "array", array);
        body(*array);
    });
}

template <class Find>
int tell_box(const char* function, nodespan_array array, std::int64_t* lo, std::int64_t* hi,
             Find&& find) {
    return on_array(function, array, [&](const auto& a) {
        require_given(function, "lo", lo);
        require_given(function, "hi", hi);
        const box<dynamic_rank> found = find(*a.core);
        detail::give_list(a, found.lo, lo);
        detail::give_list(a, found.hi, hi);
    });
}

template <class Find>
int tell_view(const char* function, nodespan_array array, void** data, std::int64_t* strides,
              Find&& find) {
    return on_array(function, array, [&](const auto& a) {
        require_given(function, "data", data);
        const box<dynamic_rank> part = find(*a.core);
        *data = detail::first_element(a, part.lo);
        if (strides != nullptr)
            detail::give_list(a, row_major_strides(a.core->stored_box().extents()), strides);
    });
}

} // namespace

int nodespan_array_create(nodespan_team team, nodespan_type type, int dimensions,
                          const int64_t* extents, const nodespan_array_options* options,
                          nodespan_array* result) {
    return c_call([&] {
        require_given("nodespan_array_create", "team", team);
        const nodespan_array_options given =
            options != nullptr ? *options : nodespan_array_options NODESPAN_ARRAY_OPTIONS_INIT;
        std::unique_ptr<nodespan_array_object> made;
        index_list wanted;
        array_options wanted_options;
        detail::agree_on_arguments(team->team, "nodespan_array_create", [&] {
            require_given("nodespan_array_create", "result", result);
            made = std::make_unique<nodespan_array_object>();
            made->type = take_type(type);
            made->is_column_major = given.order == NODESPAN_COLUMN_MAJOR;
            wanted = take_extents(extents, dimensions, made->is_column_major);
            wanted_options = take_options(given, wanted.size());
        });
        made->core.emplace(team->team, wanted, element_of(made->type, made->is_column_major),
                           wanted_options);
        *result = made.release();
    });
}

int nodespan_array_free(nodespan_array* array) {
    return c_call([&] {
        require_given("nodespan_array_free", "array", array);
        delete std::exchange(*array, nullptr);
    });
}

int nodespan_array_type(nodespan_array array, nodespan_type* type) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_type", "type", type) = static_cast<nodespan_type>(a.type);
    });
}

int nodespan_array_order(nodespan_array array, nodespan_order* order) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_order", "order", order) =
            a.is_column_major ? NODESPAN_COLUMN_MAJOR : NODESPAN_ROW_MAJOR;
    });
}

int nodespan_array_dimensions(nodespan_array array, int* dimensions) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_dimensions", "dimensions", dimensions) =
            static_cast<int>(a.dimensions());
    });
}

int nodespan_array_extents(nodespan_array array, int64_t* extents) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_extents", "extents", extents);
        detail::give_list(a, a.core->cut().extents(), extents);
    });
}

int nodespan_array_rank_box(nodespan_array array, int64_t* lo, int64_t* hi) {
    return tell_box(__func__, array, lo, hi, [](const auto& core) { return core.rank_box(); });
}

int nodespan_array_node_box(nodespan_array array, int64_t* lo, int64_t* hi) {
    return tell_box(__func__, array, lo, hi, [](const auto& core) { return core.node_box(); });
}

int nodespan_array_node_box_with_ghosts(nodespan_array array, int64_t* lo, int64_t* hi) {
    return tell_box(__func__, array, lo, hi, [](const auto& core) { return core.stored_box(); });
}

int nodespan_array_rank_box_of(nodespan_array array, int rank, int64_t* lo, int64_t* hi) {
    return tell_box(__func__, array, lo, hi, [&](const auto& core) {
        core.require_rank("rank_box_of", rank);
        return core.cut().rank_box(rank);
    });
}

int nodespan_array_node_box_of(nodespan_array array, int node, int64_t* lo, int64_t* hi) {
    return tell_box(__func__, array, lo, hi, [&](const auto& core) {
        core.require_node("node_box_of", node);
        return core.cut().node_box(node);
    });
}

int nodespan_array_owner_node(nodespan_array array, const int64_t* at, int* node) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_owner_node", "node", node);
        const index_list index = detail::take_list("nodespan_array_owner_node", "at", a, at);
        a.core->require_index("owner_node", index);
        *node = a.core->cut().owner_node(index);
    });
}

int nodespan_array_local(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.rank_box(); });
}

int nodespan_array_node(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.node_box(); });
}

int nodespan_array_node_with_ghosts(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.stored_box(); });
}

int nodespan_array_block(nodespan_array array, int rank, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides, [&](const auto& core) {
        core.require_peer("block", rank);
        return core.cut().rank_box(rank);
    });
}
