# Parallel HDF5 as the target nodespan::hdf5_c; a serial one will not do. The installed package
# includes this file as well, and reads nodespan_hdf5_problem.
set(nodespan_hdf5_problem "")
if(NOT TARGET nodespan::hdf5_c)
  if(NOT CMAKE_C_COMPILER_LOADED)
    enable_language(C) # CMake asks HDF5 its questions in C
  endif()
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 QUIET COMPONENTS C)
  if(NOT HDF5_FOUND)
    set(nodespan_hdf5_problem "found no HDF5 built with MPI (Debian: libhdf5-openmpi-dev)")
  elseif(NOT HDF5_IS_PARALLEL)
    set(nodespan_hdf5_problem
        "needs HDF5 built with MPI (Debian: libhdf5-openmpi-dev); found a serial one")
  else()
    # A shared HDF5 knows its own dependencies: linking them as well only slows every start.
    set(nodespan_hdf5_libraries ${HDF5_C_LIBRARIES})
    list(FILTER nodespan_hdf5_libraries INCLUDE REGEX "libhdf5[^/]*[.](so|dylib)[.0-9]*$")
    if(NOT nodespan_hdf5_libraries)
      set(nodespan_hdf5_libraries ${HDF5_C_LIBRARIES})
    endif()
    add_library(nodespan::hdf5_c INTERFACE IMPORTED)
    set_target_properties(nodespan::hdf5_c PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${HDF5_C_INCLUDE_DIRS}"
      INTERFACE_LINK_LIBRARIES "${nodespan_hdf5_libraries}")
  endif()
endif()
