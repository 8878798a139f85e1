// The C calls that end arrays, and tell of them.

#include "array.hpp"
#include "nodespan/scalapack.hpp"

#include <algorithm>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

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
            detail::give_list(a, row_major_strides(a.core->stored_places().extents()), strides);
    });
}

// The indices of a place that is counted from the begin of a box of places.
template <class Find>
int tell_index(const char* function, const char* operation, nodespan_array array,
               const std::int64_t* place, std::int64_t* at, Find&& find) {
    return on_array(function, array, [&](const auto& a) {
        require_given(function, "at", at);
        index_list asked = detail::take_list(function, "place", a, place);
        const box<dynamic_rank> places = find(*a.core);
        for (std::size_t d = 0; d < asked.size(); ++d) {
            if (asked[d] < 0 || asked[d] >= places.hi[d] - places.lo[d])
                a.core->refuse_place(operation, asked, places);
            asked[d] += places.lo[d];
        }
        detail::give_list(a, a.core->cut().index_of(asked), at);
    });
}

} // namespace

int nodespan_array_free(nodespan_array* array) {
    return c_call([&] { detail::end_handle("nodespan_array_free", "array", array); });
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

int nodespan_array_node_place(nodespan_array array, const int64_t* at, int64_t* place) {
    return on_array(__func__, array, [&](const auto& a) {
        constexpr const char* name = "nodespan_array_node_place";
        require_given(name, "place", place);
        const index_list index = detail::take_list(name, "at", a, at);
        a.core->require_index("node_place", index);
        index_list found = a.core->cut().place_of(index);
        const box<dynamic_rank> holder = a.core->places().node_box(a.core->cut().owner_node(index));
        for (std::size_t d = 0; d < found.size(); ++d) found[d] -= holder.lo[d];
        detail::give_list(a, found, place);
    });
}

int nodespan_array_node_index(nodespan_array array, const int64_t* place, int64_t* at) {
    return tell_index(__func__, "node_index", array, place, at,
                      [](const auto& core) { return core.node_places(); });
}

int nodespan_array_local_index(nodespan_array array, const int64_t* place, int64_t* at) {
    return tell_index(__func__, "local_index", array, place, at,
                      [](const auto& core) { return core.rank_places(); });
}

int nodespan_array_local_extents(nodespan_array array, int64_t* extents) {
    return on_array(__func__, array, [&](const auto& a) {
        require_given("nodespan_array_local_extents", "extents", extents);
        detail::give_list(a, a.core->rank_places().extents(), extents);
    });
}

int nodespan_array_scalapack(nodespan_array array, int context, int* descriptor, int* grid,
                             void** data) {
    return on_array(__func__, array, [&](const auto& a) {
        constexpr const char* name = "nodespan_array_scalapack";
        require_given(name, "descriptor", descriptor);
        require_given(name, "grid", grid);
        require_given(name, "data", data);
        if (a.dimensions() != 2 || !a.is_column_major)
            throw error(errc::invalid_argument,
                        fmt::format("{}: it takes a matrix in column-major order", name));
        const auto found = detail::describe_for_scalapack(*a.core, context);
        std::copy(found.descriptor.begin(), found.descriptor.end(), descriptor);
        grid[0] = found.grid_rows;
        grid[1] = found.grid_columns;
        *data = found.data;
    });
}

int nodespan_array_local(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.rank_places(); });
}

int nodespan_array_node(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.node_places(); });
}

int nodespan_array_node_with_ghosts(nodespan_array array, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides,
                     [](const auto& core) { return core.stored_places(); });
}

int nodespan_array_block(nodespan_array array, int rank, void** data, int64_t* strides) {
    return tell_view(__func__, array, data, strides, [&](const auto& core) {
        core.require_peer("block", rank);
        return core.places().rank_box(rank);
    });
}
