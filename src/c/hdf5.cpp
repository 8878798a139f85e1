#include "nodespan/c/hdf5.h"

#include "array.hpp"
#include "nodespan/hdf5.hpp"
#include "stored_type.hpp"

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

save_mode take_mode(const char* function, nodespan_save_mode mode) {
    switch (mode) {
    case NODESPAN_REPLACE_FILE:
        return save_mode::replace_file;
    case NODESPAN_ADD:
        return save_mode::add;
    case NODESPAN_OVERWRITE:
        return save_mode::overwrite;
    }
    throw error(errc::invalid_argument,
                fmt::format("{}: {} is no nodespan_save_mode", function, static_cast<int>(mode)));
}

// What all of the array is in a file, if all ranks have given a file and a dataset.
struct stored {
    detail::array_core& core;
    detail::file_type type;
    box<dynamic_rank> whole;
};

template <class Look>
stored take_call(const char* function, nodespan_array array, const char* file, const char* dataset,
                 Look&& look) {
    require_given(function, "array", array);
    stored result{*array->core, {}, {}};
    detail::agree_on_arguments(result.core.get_team(), function, [&] {
        require_given(function, "file", file);
        require_given(function, "dataset", dataset);
        look();
        result.type = detail::stored_type(function, array->type);
    });
    const index_list& extents = result.core.cut().extents();
    result.whole = {index_list(static_cast<int>(extents.size()), 0), extents};
    return result;
}

} // namespace

int nodespan_array_save_hdf5(nodespan_array array, const char* file, const char* dataset,
                             nodespan_save_mode mode) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_save_hdf5";
        save_options options;
        const stored from =
            take_call(name, array, file, dataset, [&] { options.mode = take_mode(name, mode); });
        detail::save_array(from.core, from.type, from.whole, file, dataset, options);
    });
}

int nodespan_array_load_hdf5(nodespan_array array, const char* file, const char* dataset) {
    return c_call([&] {
        const stored to = take_call("nodespan_array_load_hdf5", array, file, dataset, [] {});
        detail::load_array(to.core, to.type, to.whole, file, dataset, {});
    });
}

int nodespan_array_open_hdf5(nodespan_team team, nodespan_type type, int dimensions,
                             const char* file, const char* dataset,
                             const nodespan_array_options* options, nodespan_array* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_open_hdf5";
        auto& ranks = require_given(name, "team", team).team;
        std::optional<detail::array_draft> draft;
        detail::file_type element;
        detail::agree_on_arguments(ranks, name, [&] {
            require_given(name, "result", result);
            require_given(name, "file", file);
            require_given(name, "dataset", dataset);
            draft.emplace(name, type, dimensions, options);
            element = detail::stored_type(name, draft->object->type);
        });
        const index_list extents =
            detail::stored_extents(ranks, element, dimensions, file, dataset);
        draft->make(ranks, extents);
        const box<dynamic_rank> whole{index_list(dimensions, 0), extents};
        detail::load_array(*draft->object->core, element, whole, file, dataset, {});
        *result = draft->object.release();
    });
}
