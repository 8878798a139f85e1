#include "agreement.hpp"
#include "c_call.hpp"
#include "nodespan/hdf5.hpp"

using namespace nodespan;

namespace {

// Of the array's elements; none for bool, since a file could hold bytes that are no bool.
detail::file_type type_of(const nodespan_array& a, const char* operation) {
    return visit(a.type, [&]<class T>(std::type_identity<T>) -> detail::file_type {
        if constexpr (storable<T>)
            return detail::file_type_of<T>();
        else
            throw error(errc::invalid_argument, std::string(operation) +
                                                    ": HDF5 files hold no elements of type " +
                                                    to_string(a.type) + "; take uint8");
    });
}

box<dynamic> whole(const nodespan_array& a) {
    const index_list& extents = a.core.cut().extents();
    return {index_list(static_cast<int>(extents.size()), 0), extents};
}

} // namespace

int nodespan_array_save(nodespan_array* array, const char* file, const char* dataset,
                        nodespan_save_mode mode) {
    return detail::c_call([&] {
        nodespan_array& a = detail::held("nodespan_array_save", array);
        detail::agree_or_throw(a.core.get_team().comm(), detail::attempt([&] {
                                   if (static_cast<int>(mode) < NODESPAN_REPLACE_FILE ||
                                       static_cast<int>(mode) > NODESPAN_OVERWRITE)
                                       throw error(errc::invalid_argument,
                                                   "nodespan_array_save: there is no mode " +
                                                       std::to_string(static_cast<int>(mode)));
                               }));
        detail::save_array(a.core, type_of(a, "nodespan_array_save"), whole(a),
                           detail::text_of(file), detail::text_of(dataset),
                           {.mode = static_cast<save_mode>(mode)});
    });
}

int nodespan_array_load(nodespan_array* array, const char* file, const char* dataset) {
    return detail::c_call([&] {
        nodespan_array& a = detail::held("nodespan_array_load", array);
        detail::load_array(a.core, type_of(a, "nodespan_array_load"), whole(a),
                           detail::text_of(file), detail::text_of(dataset), {});
    });
}
