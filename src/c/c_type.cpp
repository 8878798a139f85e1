#include "nodespan/c/type.h"

#include "c_call.hpp"
#include "nodespan/number_type.hpp"

#include <iterator>

using namespace nodespan;

// Values are those of number_type: a C program's and ours are one and the same.
static_assert(static_cast<int>(number_type::boolean) == NODESPAN_BOOL);
static_assert(static_cast<int>(number_type::int64) == NODESPAN_INT64);
static_assert(static_cast<int>(number_type::uint64) == NODESPAN_UINT64);
static_assert(static_cast<int>(number_type::float32) == NODESPAN_FLOAT32);
static_assert(static_cast<int>(number_type::complex128) == NODESPAN_COMPLEX128);
static_assert(std::size(detail::number_types) == NODESPAN_COMPLEX128 + 1);

namespace {

bool is_a_type(nodespan_type type) noexcept {
    const int value = static_cast<int>(type);
    return value >= NODESPAN_BOOL && value <= NODESPAN_COMPLEX128;
}

} // namespace

int nodespan_type_from_name(const char* name, nodespan_type* type) {
    return detail::c_call([&] {
        detail::require_given("nodespan_type_from_name", "name", name);
        detail::require_given("nodespan_type_from_name", "type", type);
        const auto found = find_number_type(name);
        if (!found)
            throw error(errc::invalid_argument,
                        fmt::format("nodespan_type_from_name(\"{}\"): no such element type; there "
                                    "are bool, int8 to int64, uint8 to uint64, float32, float64, "
                                    "complex64 and complex128",
                                    name));
        *type = static_cast<nodespan_type>(*found);
    });
}

const char* nodespan_type_name(nodespan_type type) {
    return is_a_type(type) ? to_string(static_cast<number_type>(type)) : nullptr;
}

size_t nodespan_type_size(nodespan_type type) {
    return is_a_type(type) ? bytes_of(static_cast<number_type>(type)) : 0;
}
