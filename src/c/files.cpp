#include "nodespan/c/files.h"

#include "array.hpp"
#include "nodespan/npy.hpp"

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

// The array, if all ranks have given a file.
nodespan_array_object& take_call(const char* function, nodespan_array array, const char* file) {
    require_given(function, "array", array);
    detail::agree_on_arguments(array->core->get_team(), function,
                               [&] { require_given(function, "file", file); });
    return *array;
}

} // namespace

int nodespan_array_save_npy(nodespan_array array, const char* file) {
    return c_call([&] {
        auto& from = take_call("nodespan_array_save_npy", array, file);
        detail::save_npy(*from.core, from.type, file, {});
    });
}

int nodespan_array_load_npy(nodespan_array array, const char* file) {
    return c_call([&] {
        auto& to = take_call("nodespan_array_load_npy", array, file);
        detail::load_npy(*to.core, to.type, file, {});
    });
}
