#include "agreement.hpp"
#include "c_call.hpp"
#include "nodespan/column_major.hpp"

#include <algorithm>
#include <typeinfo>

using namespace nodespan;
using detail::c_call;
using detail::held;
using detail::require_pointer;

namespace {

// What nodespan_array_create was asked for, in the order of the core's indices.
struct recipe {
    index_list extents;
    detail::element_type type;
    array_options options;
};

void require_arguments(nodespan_type type, int dimensions, const int64_t* extents,
                       const nodespan_array_options& options, nodespan_array** result) {
    const char* const operation = "nodespan_array_create";
    require_pointer(operation, "result", result);
    require_pointer(operation, "list of extents", extents);
    if (!detail::is_type(type))
        throw error(errc::invalid_argument, std::string(operation) + ": there is no type " +
                                                std::to_string(static_cast<int>(type)));
    if (dimensions < 1 || dimensions > NODESPAN_MAX_DIMENSIONS)
        throw error(errc::invalid_argument, std::string(operation) + ": " +
                                                std::to_string(dimensions) +
                                                " dimensions; arrays have 1 to 6");
    if (options.order != NODESPAN_ROW_MAJOR && options.order != NODESPAN_COLUMN_MAJOR)
        throw error(errc::invalid_argument, std::string(operation) + ": there is no order " +
                                                std::to_string(static_cast<int>(options.order)));
}

// The entries of an option that has one a dimension; none where all are 0.
template <class To, class From>
std::vector<To> entries(const From* from, int dimensions) {
    if (std::all_of(from, from + dimensions, [](From value) { return value == 0; })) return {};
    return std::vector<To>(from, from + dimensions);
}

array_options options_of(const nodespan_array_options& o, int dimensions) {
    array_options result;
    result.distribution.node_grid = entries<int>(o.node_grid, dimensions);
    result.distribution.rank_grid = entries<int>(o.rank_grid, dimensions);
    result.ghosts.width = entries<index_t>(o.ghost_width, dimensions);
    result.ghosts.periodic = entries<bool>(o.periodic, dimensions);
    result.zeroed = o.uninitialized == 0;
    result.name = detail::text_of(o.name);
    return result;
}

recipe recipe_of(nodespan_type type, int dimensions, const int64_t* extents,
                 const nodespan_array_options& o) {
    recipe r{index_list(dimensions, 0), {}, options_of(o, dimensions)};
    std::copy_n(extents, dimensions, &r.extents[0]);
    r.type = visit(static_cast<number_type>(type), []<class T>(std::type_identity<T>) {
        return detail::element_type{sizeof(T), detail::kind_of<T>(), typeid(T).name()};
    });
    if (o.order == NODESPAN_COLUMN_MAJOR) {
        r.extents = reversed(r.extents);
        r.options = detail::transposed(std::move(r.options));
        r.type.is_transposed = true;
    }
    return r;
}

// The numbers of a list, in the array's order.
void write_list(const nodespan_array& a, const index_list& core_order, int64_t* to) {
    const index_list values = a.is_column_major ? reversed(core_order) : core_order;
    std::copy(values.begin(), values.end(), to);
}

void write_box(const nodespan_array& a, const box<dynamic>& b, int64_t* lo, int64_t* hi) {
    write_list(a, b.lo, lo);
    write_list(a, b.hi, hi);
}

// Where the first element of a box of this node lies, and the strides there.
void write_memory(const nodespan_array& a, const box<dynamic>& part, void** data,
                  int64_t* strides) {
    const box<dynamic>& stored = a.core.stored_box();
    const index_list steps = row_major_strides(stored.extents());
    index_t first = 0;
    if (!part.empty())
        for (std::size_t d = 0; d < steps.size(); ++d)
            first += (part.lo[d] - stored.lo[d]) * steps[d];
    *data = a.core.node_data() + static_cast<std::size_t>(first) * a.core.element_bytes();
    write_list(a, steps, strides);
}

} // namespace

int nodespan_array_create(nodespan_team* team, nodespan_type type, int dimensions,
                          const int64_t* extents, const nodespan_array_options* options,
                          nodespan_array** result) {
    return c_call([&] {
        const nodespan::team& ranks = held("nodespan_array_create", team).ranks;
        const nodespan_array_options o = options != nullptr ? *options : nodespan_array_options{};
        // The types of C++ leave nothing to agree upon here; in C one rank alone may be wrong.
        detail::agree_or_throw(ranks.comm(), detail::attempt([&] {
                                   require_arguments(type, dimensions, extents, o, result);
                               }));
        const recipe r = recipe_of(type, dimensions, extents, o);
        *result = new nodespan_array{{ranks, r.extents, r.type, r.options},
                                     static_cast<number_type>(type),
                                     r.type.is_transposed};
    });
}

int nodespan_array_free(nodespan_array** array) {
    return c_call([&] {
        require_pointer("nodespan_array_free", "handle's address", array);
        delete *array;
        *array = nullptr;
    });
}

int nodespan_array_get_info(const nodespan_array* array, nodespan_type* type, int* dimensions,
                            int64_t* extents, nodespan_order* order) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_get_info", array);
        if (type != nullptr) *type = static_cast<nodespan_type>(a.type);
        if (dimensions != nullptr) *dimensions = static_cast<int>(a.core.cut().extents().size());
        if (extents != nullptr) write_list(a, a.core.cut().extents(), extents);
        if (order != nullptr)
            *order = a.is_column_major ? NODESPAN_COLUMN_MAJOR : NODESPAN_ROW_MAJOR;
    });
}

int nodespan_array_rank_box(const nodespan_array* array, int rank, int64_t* lo, int64_t* hi) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_rank_box", array);
        require_pointer("nodespan_array_rank_box", "result", lo);
        require_pointer("nodespan_array_rank_box", "result", hi);
        if (rank == NODESPAN_SELF) return write_box(a, a.core.rank_box(), lo, hi);
        a.core.require_rank("rank_box", rank);
        write_box(a, a.core.cut().rank_box(rank), lo, hi);
    });
}

int nodespan_array_node_box(const nodespan_array* array, int node, int64_t* lo, int64_t* hi) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_node_box", array);
        require_pointer("nodespan_array_node_box", "result", lo);
        require_pointer("nodespan_array_node_box", "result", hi);
        if (node == NODESPAN_SELF) return write_box(a, a.core.node_box(), lo, hi);
        a.core.require_node("node_box", node);
        write_box(a, a.core.cut().node_box(node), lo, hi);
    });
}

int nodespan_array_block(nodespan_array* array, int rank, void** data, int64_t* strides) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_block", array);
        require_pointer("nodespan_array_block", "result", data);
        require_pointer("nodespan_array_block", "result", strides);
        if (rank == NODESPAN_SELF) return write_memory(a, a.core.rank_box(), data, strides);
        a.core.require_peer("block", rank);
        write_memory(a, a.core.cut().rank_box(rank), data, strides);
    });
}

int nodespan_array_node(nodespan_array* array, void** data, int64_t* strides) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_node", array);
        require_pointer("nodespan_array_node", "result", data);
        require_pointer("nodespan_array_node", "result", strides);
        write_memory(a, a.core.node_box(), data, strides);
    });
}

int nodespan_array_node_with_ghosts(nodespan_array* array, int64_t* lo, int64_t* hi, void** data,
                                    int64_t* strides) {
    return c_call([&] {
        const nodespan_array& a = held("nodespan_array_node_with_ghosts", array);
        for (const void* result :
             {static_cast<const void*>(lo), static_cast<const void*>(hi),
              static_cast<const void*>(data), static_cast<const void*>(strides)})
            require_pointer("nodespan_array_node_with_ghosts", "result", result);
        write_box(a, a.core.stored_box(), lo, hi);
        write_memory(a, a.core.stored_box(), data, strides);
    });
}
