#pragma once

#include "binding.hpp"
#include "race_hooks.hpp"

namespace nodespan::python {

class array_object;

// The files that tell the race checker are compiled twice: for the module itself, where these are
// empty, and for the one that is linked with the checker (docs/races.md).

inline constexpr bool tells_races = detail::race::is_checked;

#ifdef NODESPAN_RACE_CHECKER
/// From now on this thread's calls come from the line of the program that Python executes, outside
/// of this package. Call: with the GIL.
void name_caller() noexcept;
void forget_caller() noexcept;

/// The line of the program does this to an element of this node.
void tell_element(const array_object& array, const index_list& at, detail::race::op what);
#else
inline void name_caller() noexcept {}
inline void forget_caller() noexcept {}
inline void tell_element(const array_object&, const index_list&, detail::race::op) {}
#endif

/// What the package knows of the checker.
void bind_intents(py::module_& module, py::class_<array_object>& arrays);

} // namespace nodespan::python
