#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"
#include "nodespan/nodespan.h"
#include "nodespan/number_type.hpp"

#include <string>

/// What the C interface's handles stand for.
struct nodespan_team {
    nodespan::team ranks;
};

struct nodespan_array {
    nodespan::detail::array_core core; // of a column-major array: with the indices in reverse order
    nodespan::number_type type;
    bool is_column_major;
};

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Keeps what is being handled just now as this thread's last error; returns its code.
int note_failure() noexcept;

/// Runs `body` as one call of the C interface, which nothing may be thrown out of.
template <class Body>
int c_call(Body&& body) noexcept {
    try {
        body();
        return NODESPAN_SUCCESS;
    } catch (...) {
        return note_failure();
    }
}

/// Throws errc::invalid_argument unless `pointer` points to something.
void require_pointer(const char* operation, const char* what, const void* pointer);

/// What a handle stands for. Errors: errc::invalid_argument, if it is null.
template <class Handle>
Handle& held(const char* operation, Handle* handle) {
    require_pointer(operation, "handle", handle);
    return *handle;
}

/// Whether it is one of the enumeration's: C lets any number through.
constexpr bool is_type(nodespan_type type) noexcept {
    return static_cast<int>(type) >= NODESPAN_BOOL && static_cast<int>(type) <= NODESPAN_COMPLEX128;
}

/// A name as it came; a null pointer is an empty one, so that a collective call can refuse it on
/// all ranks.
inline std::string text_of(const char* name) {
    return name != nullptr ? name : "";
}

} // namespace detail
} // namespace nodespan
