#pragma once

#include "nodespan/detail/export.hpp"

// With -D_GLIBCXX_DEBUG vectors and maps, which the program and the library pass to each other, are
// other types. So each build of the library defines one of these names, and a program that is built
// in the other way does not link; otherwise it would read a vector as something else.
namespace NODESPAN_EXPORT nodespan {
namespace detail {

extern const char this_program_needs_a_nodespan_built_with_GLIBCXX_DEBUG;
extern const char this_program_needs_a_nodespan_built_without_GLIBCXX_DEBUG;

#ifdef _GLIBCXX_DEBUG
[[gnu::used]] static const char* const same_standard_library =
    &this_program_needs_a_nodespan_built_with_GLIBCXX_DEBUG;
#else
[[gnu::used]] static const char* const same_standard_library =
    &this_program_needs_a_nodespan_built_without_GLIBCXX_DEBUG;
#endif

} // namespace detail
} // namespace nodespan
