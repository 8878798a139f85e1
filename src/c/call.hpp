#pragma once

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <fmt/format.h>

#include <functional>

struct nodespan_team_object {
    nodespan::team team;
};

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Stores the exception being handled as this thread's last error of the C interface; returns its
/// code. Never throws: if there is no memory for the message, it uses one that needs none.
int keep_c_error() noexcept;

/// Runs a C function, which no exception may leave.
template <class Body>
int c_call(Body&& body) noexcept {
    try {
        body();
        return NODESPAN_SUCCESS;
    } catch (...) {
        return keep_c_error();
    }
}

/// Refuses a null pointer.
/// Errors: errc::invalid_argument.
template <class T>
T& require_given(const char* function, const char* argument, T* pointer) {
    if (pointer == nullptr)
        throw error(errc::invalid_argument, fmt::format("{}: {} is null", function, argument));
    return *pointer;
}

/// Checks the arguments of a collective C function, and lets all ranks agree on the result of
/// `look`.
/// Call:   collective over the team.
/// Errors: those of `look`, on all ranks.
void agree_on_arguments(team& ranks, const char* function, const std::function<void()>& look);

} // namespace detail
} // namespace nodespan
