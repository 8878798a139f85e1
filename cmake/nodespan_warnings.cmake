# Warnings for our own code: errors in CI, not for the people who build it.
add_library(nodespan_warnings INTERFACE)
target_compile_options(nodespan_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<COMPILE_LANGUAGE:C,CXX>:-Wshadow$<SEMICOLON>-Wconversion$<SEMICOLON>-Wsign-conversion>
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast$<SEMICOLON>-Wnon-virtual-dtor$<SEMICOLON>-Woverloaded-virtual> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict> # GCC 12 warns of its own std::string
  $<$<BOOL:${NODESPAN_WERROR}>:-Werror>)
