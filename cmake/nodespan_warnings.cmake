# Warnings for our own code: errors in CI, not for the people who build it.
add_library(nodespan_warnings INTERFACE)
target_compile_options(nodespan_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> # GCC 12 warns of its own std::string
  $<$<BOOL:${NODESPAN_WERROR}>:-Werror>)
