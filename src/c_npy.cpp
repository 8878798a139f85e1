#include "c_call.hpp"
#include "nodespan/npy.hpp"

using namespace nodespan;

int nodespan_array_save_npy(nodespan_array* array, const char* file) {
    return detail::c_call([&] {
        nodespan_array& a = detail::held("nodespan_array_save_npy", array);
        detail::save_npy(a.core, a.type, detail::text_of(file), {});
    });
}

int nodespan_array_load_npy(nodespan_array* array, const char* file) {
    return detail::c_call([&] {
        nodespan_array& a = detail::held("nodespan_array_load_npy", array);
        detail::load_npy(a.core, a.type, detail::text_of(file), {});
    });
}
