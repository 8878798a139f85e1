#pragma once

#include "nodespan/detail/export.hpp"

// -D_GLIBCXX_DEBUG makes other types of vectors and maps, which program and library hand each
// other. So each copy of the library has one of these names, and a program that is built in the
// other way does not link, instead of reading a vector as what it is not.
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
