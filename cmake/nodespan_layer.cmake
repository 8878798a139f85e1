# nodespan_layer(<name> [MPI] [USES <layer>...] [LINKS <target>...] SOURCES <file>...)
#
# A folder of src/ is a layer: a library of objects that sees its own headers, those of the layers it
# uses and of the layers these use, the public ones, and nothing else. So an #include that runs up is
# "no such file", and a layer without MPI (its own, or a used layer's) cannot include mpi.h.
function(nodespan_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "MPI" "" "USES;LINKS;SOURCES")
  if(layer_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "nodespan_layer(${name}): what is ${layer_UNPARSED_ARGUMENTS}?")
  endif()
  set(target nodespan_${name}_layer)
  add_library(${target} OBJECT ${layer_SOURCES})
  target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(used IN LISTS layer_USES)
    if(NOT TARGET nodespan_${used}_layer)
      message(FATAL_ERROR "nodespan_layer(${name}): it uses ${used}, which does not stand below it")
    endif()
    target_link_libraries(${target} PUBLIC nodespan_${used}_layer)
  endforeach()
  if(layer_MPI)
    target_link_libraries(${target} PUBLIC MPI::MPI_CXX)
  endif()
  target_link_libraries(${target} PUBLIC nodespan_headers
                        PRIVATE ${layer_LINKS} fmt::fmt nodespan_warnings)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
