#include "nodespan/detail/standard_library.hpp"

namespace nodespan::detail {

#ifdef _GLIBCXX_DEBUG
const char this_program_needs_a_nodespan_built_with_GLIBCXX_DEBUG = 0;
#else
const char this_program_needs_a_nodespan_built_without_GLIBCXX_DEBUG = 0;
#endif

} // namespace nodespan::detail
