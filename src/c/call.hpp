#pragma once

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// What a handle points to. Handles of all kinds are alike in Fortran, and a copy of one may be
/// used after its end: so each object begins with what it is.
enum class handle_kind : std::uint64_t {
    ended = 0,
    environment = 0x6e6f6465'7370'0001, // values that other memory hardly has
    team,
    array,
    counter,
    queue,
    ring,
    replicated,
    checkpoint
};

struct handle_head {
    explicit handle_head(handle_kind its) noexcept : kind(its) {}
    ~handle_head() { kind = handle_kind::ended; }
    handle_head(const handle_head&) = delete;
    handle_head& operator=(const handle_head&) = delete;

    volatile handle_kind kind; // volatile: written also when nobody should look any more
};

/// The beginning of an object behind a handle.
template <handle_kind Kind>
struct c_object : handle_head {
    static constexpr handle_kind own_kind = Kind;
    c_object() noexcept : handle_head(Kind) {}
};

template <class T>
concept c_object_type = std::derived_from<T, handle_head>;

/// Stores the exception being handled as this thread's last error of the C interface; returns its
/// code. Never throws: if there is no memory for the message, it uses one that needs none.
int keep_c_error() noexcept;

/// How many errors this thread's C calls have kept so far: whether a program's function met one.
unsigned long kept_c_errors() noexcept;

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
void require_not_null(const char* function, const char* argument, const void* pointer);

/// Refuses a handle of another kind, or one that has ended.
/// Errors: errc::invalid_argument.
void require_kind(const char* function, const char* argument, handle_kind found,
                  handle_kind wanted);

/// Refuses null and, where it is a handle, one of another kind.
template <class T>
T& require_given(const char* function, const char* argument, T* pointer) {
    require_not_null(function, argument, pointer);
    if constexpr (c_object_type<T>) require_kind(function, argument, pointer->kind, T::own_kind);
    return *pointer;
}

/// Ends what a handle points to, if it is not null, and makes it null.
/// Errors: errc::invalid_argument (null, another kind).
template <c_object_type T>
void end_handle(const char* function, const char* argument, T** given) {
    T*& object = require_given(function, argument, given);
    if (object == nullptr) return;
    require_given(function, argument, object);
    delete std::exchange(object, nullptr);
}

/// Checks the arguments of a collective C function, and lets all ranks agree on the result of
/// `look`.
/// Call:   collective over the team.
/// Errors: those of `look`, on all ranks.
void agree_on_arguments(team& ranks, const char* function, const std::function<void()>& look);

/// The same for arguments that are also compared: `call` is the function with those that all ranks
/// have to give alike.
/// Errors: also errc::mismatched_arguments, on all ranks.
void agree_on_call(team& ranks, const char* function, const std::string& call,
                   const std::function<void()>& look);

} // namespace detail
} // namespace nodespan

struct nodespan_team_object : nodespan::detail::c_object<nodespan::detail::handle_kind::team> {
    explicit nodespan_team_object(nodespan::team made) : team(std::move(made)) {}
    nodespan::team team;
};
