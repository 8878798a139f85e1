#include "c_call.hpp"

using namespace nodespan;

static_assert(NODESPAN_COMPLEX128 == static_cast<int>(number_type::complex128) &&
                  NODESPAN_FLOAT32 == static_cast<int>(number_type::float32),
              "nodespan_type and number_type number types alike");

int nodespan_type_from_name(const char* name, nodespan_type* type) {
    return detail::c_call([&] {
        detail::require_pointer("nodespan_type_from_name", "name", name);
        detail::require_pointer("nodespan_type_from_name", "result", type);
        const auto found = find_number_type(name);
        if (!found)
            throw error(errc::invalid_argument,
                        std::string("nodespan_type_from_name(\"") + name +
                            "\"): no such type; types are called as NumPy's, such as float64");
        *type = static_cast<nodespan_type>(*found);
    });
}

const char* nodespan_type_name(nodespan_type type) {
    return detail::is_type(type) ? to_string(static_cast<number_type>(type)) : nullptr;
}

size_t nodespan_type_bytes(nodespan_type type) {
    return detail::is_type(type) ? bytes_of(static_cast<number_type>(type)) : 0;
}
