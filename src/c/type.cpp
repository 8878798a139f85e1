#include "nodespan/c/type.h"

#include "call.hpp"
#include "nodespan/dtype.hpp"

#include <iterator>

using namespace nodespan;

// Values are those of dtype: a C program's and ours are one and the same.
static_assert(static_cast<int>(dtype::boolean) == NODESPAN_BOOL);
static_assert(static_cast<int>(dtype::int64) == NODESPAN_INT64);
static_assert(static_cast<int>(dtype::uint64) == NODESPAN_UINT64);
static_assert(static_cast<int>(dtype::float32) == NODESPAN_FLOAT32);
static_assert(static_cast<int>(dtype::complex128) == NODESPAN_COMPLEX128);
static_assert(std::size(detail::dtypes) == NODESPAN_COMPLEX128 + 1);

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
        const auto found = find_dtype(name);
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
    return is_a_type(type) ? dtype_name(static_cast<dtype>(type)) : nullptr;
}

size_t nodespan_type_size(nodespan_type type) {
    return is_a_type(type) ? bytes_of(static_cast<dtype>(type)) : 0;
}
