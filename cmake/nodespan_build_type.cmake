# Whether code of the calling folder is compiled without optimisation because nobody has asked for any. The
# package and the build of the library itself both use this.

# nodespan_is_unoptimised(<variable>): no build type, and no -O among the flags
function(nodespan_is_unoptimised variable)
  get_directory_property(options COMPILE_OPTIONS)
  if(CMAKE_BUILD_TYPE OR CMAKE_CONFIGURATION_TYPES OR NOT CMAKE_CXX_COMPILER_LOADED
     OR " ${CMAKE_CXX_FLAGS} ${options}" MATCHES "[ ;]-O")
    set(${variable} FALSE PARENT_SCOPE)
  else()
    set(${variable} TRUE PARENT_SCOPE)
  endif()
endfunction()

# Says so, once in a configuration.
function(nodespan_warn_of_no_optimisation)
  nodespan_is_unoptimised(unoptimised)
  get_property(told GLOBAL PROPERTY nodespan_told_of_no_optimisation)
  if(unoptimised AND NOT told)
    set_property(GLOBAL PROPERTY nodespan_told_of_no_optimisation TRUE)
    message(WARNING "nodespan: this project has no build type, so that loops over nodespan's views are compiled without "
                    "optimisation, and can take 70 times as long. Configure with -DCMAKE_BUILD_TYPE=Release "
                    "(Debug, or -O0 among the flags, if that is meant).")
  endif()
endfunction()
