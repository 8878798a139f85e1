// How the C interface makes arrays: what a program gives, turned into what the core takes.

#include "array.hpp"

#include "nodespan/column_major.hpp"

#include <typeinfo>
#include <utility>
#include <vector>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace nodespan::detail {
namespace {

element_type element_of(dtype type, bool is_transposed) {
    return visit(type, [&](auto known) {
        using T = typename decltype(known)::type;
        return element_type{sizeof(T), kind_of<T>(), typeid(T).name(), is_transposed};
    });
}

// The lists that a program gives, or nothing.
template <class To, class From>
std::vector<To> list_of(const From* values, int count) {
    return values == nullptr ? std::vector<To>() : std::vector<To>(values, values + count);
}

array_options take_options(const nodespan_array_options& given, int dimensions) {
    array_options result;
    result.distribution.node_grid = list_of<int>(given.node_grid, dimensions);
    result.distribution.rank_grid = list_of<int>(given.rank_grid, dimensions);
    result.distribution.block = list_of<index_t>(given.block, dimensions);
    result.ghosts.width = list_of<index_t>(given.ghosts, dimensions);
    result.ghosts.periodic = list_of<bool>(given.periodic, dimensions);
    result.zeroed = given.unspecified == 0;
    if (given.name != nullptr) result.name = given.name;
    return given.order == NODESPAN_COLUMN_MAJOR ? transposed(std::move(result)) : result;
}

} // namespace

dtype take_type(const char* function, nodespan_type type) {
    if (nodespan_type_name(type) == nullptr)
        throw error(errc::invalid_argument,
                    fmt::format("{}: {} is no nodespan_type", function, static_cast<int>(type)));
    return static_cast<dtype>(type);
}

void require_dimensions(const char* function, int dimensions) {
    if (dimensions < 1 || dimensions > max_dimensions)
        throw error(errc::invalid_argument, fmt::format("{}: {} dimensions; an array has 1 to {}",
                                                        function, dimensions, max_dimensions));
}

array_draft::array_draft(const char* function, nodespan_type type, int wanted_dimensions,
                         const nodespan_array_options* given)
    : object(std::make_unique<nodespan_array_object>()),
      dimensions(wanted_dimensions) {
    const nodespan_array_options asked =
        given != nullptr ? *given : nodespan_array_options NODESPAN_ARRAY_OPTIONS_INIT;
    if (asked.order != NODESPAN_ROW_MAJOR && asked.order != NODESPAN_COLUMN_MAJOR)
        throw error(errc::invalid_argument,
                    fmt::format("{}: order {} is neither NODESPAN_ROW_MAJOR nor "
                                "NODESPAN_COLUMN_MAJOR",
                                function, static_cast<int>(asked.order)));
    require_dimensions(function, dimensions);
    object->type = take_type(function, type);
    object->is_column_major = asked.order == NODESPAN_COLUMN_MAJOR;
    options = take_options(asked, dimensions);
}

index_list array_draft::take_extents(const char* function, const std::int64_t* extents) const {
    require_given(function, "extents", extents);
    index_list result(dimensions, 0);
    for (std::size_t d = 0; d < result.size(); ++d) result[d] = extents[d];
    return object->in_order(result);
}

void array_draft::make(team& ranks, const index_list& extents) {
    object->core = std::make_unique<array_core>(
        ranks, extents, element_of(object->type, object->is_column_major), options);
}

} // namespace nodespan::detail

int nodespan_array_create(nodespan_team team, nodespan_type type, int dimensions,
                          const int64_t* extents, const nodespan_array_options* options,
                          nodespan_array* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_create";
        require_given(name, "team", team);
        std::optional<detail::array_draft> draft;
        index_list wanted;
        detail::agree_on_arguments(team->team, name, [&] {
            require_given(name, "result", result);
            draft.emplace(name, type, dimensions, options);
            wanted = draft->take_extents(name, extents);
        });
        draft->make(team->team, wanted);
        *result = draft->object.release();
    });
}
