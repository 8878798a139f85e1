# Headers, libraries, programs, the CMake package, the pkg-config files. The installed tree can be moved.
option(NODESPAN_INSTALL "Install nodespan" ${PROJECT_IS_TOP_LEVEL})
if(NOT NODESPAN_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)

set(nodespan_cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/nodespan)
file(RELATIVE_PATH nodespan_libdir_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" nodespan_libdir_to_prefix "${nodespan_libdir_to_prefix}")

# A static library leaves its private dependencies to the program that links it.
get_target_property(nodespan_library_type nodespan TYPE)
if(nodespan_library_type STREQUAL "STATIC_LIBRARY")
  set(nodespan_is_static TRUE)
  set(nodespan_pc_private "")
else()
  set(nodespan_is_static FALSE)
  set(nodespan_pc_private ".private")
endif()

# nodespan_install_library(<target> <export>): the library, and how CMake finds it
function(nodespan_install_library target export)
  install(TARGETS ${target} EXPORT ${export}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(EXPORT ${export} NAMESPACE nodespan:: DESTINATION ${nodespan_cmake_folder})
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    set_target_properties(${target} PROPERTIES INSTALL_RPATH $ORIGIN INSTALL_RPATH_USE_LINK_PATH TRUE)
  endif()
endfunction()

# nodespan_install_pc(<name>): its pkg-config file
function(nodespan_install_pc name)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# Programs find the libraries beside them, wherever both are moved to.
function(nodespan_set_program_rpath folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  file(RELATIVE_PATH to_libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      set_target_properties(${target} PROPERTIES INSTALL_RPATH $ORIGIN/${to_libraries}
                            INSTALL_RPATH_USE_LINK_PATH TRUE)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    nodespan_set_program_rpath(${inner})
  endforeach()
endfunction()

install(DIRECTORY include/nodespan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.hpp PATTERN *.h PATTERN *.f90 PATTERN *.inc
        PATTERN boost_mpi.hpp EXCLUDE PATTERN multiply.hpp EXCLUDE PATTERN multiply.h EXCLUDE PATTERN hdf5*.hpp EXCLUDE
        PATTERN checkpoint.hpp EXCLUDE PATTERN hdf5.h EXCLUDE PATTERN checkpoint.h EXCLUDE)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_BINARY_DIR}/include/nodespan/version.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan)
nodespan_install_library(nodespan nodespan_targets)
install(TARGETS nodespan_fortran EXPORT nodespan_targets)
nodespan_install_pc(nodespan)

if(NODESPAN_WITH_BOOST_MPI)
  install(FILES include/nodespan/boost_mpi.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan)
  nodespan_install_library(nodespan_boost_mpi nodespan_boost_mpi_targets)
  nodespan_install_pc(nodespan-boost-mpi)
endif()

if(TARGET nodespan_race_checker)
  nodespan_install_library(nodespan_race_runtime nodespan_race_checker_targets)
  install(TARGETS nodespan_race_checker nodespan_race_checker_in_place EXPORT nodespan_race_checker_targets)
  install(FILES src/races/race_marks.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan)
  nodespan_install_pc(nodespan-race-checker)
  nodespan_install_pc(nodespan-race-checker-in-place)
endif()

if(nodespan_has_linalg)
  install(FILES include/nodespan/multiply.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan)
  install(FILES include/nodespan/c/multiply.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan/c)
  nodespan_install_library(nodespan_linalg nodespan_linalg_targets)
  list(JOIN nodespan_blas_libraries " " nodespan_linalg_link)
  if(nodespan_is_static)
    set(nodespan_linalg_pc_libs "Libs: -L\${libdir} -lnodespan_linalg ${nodespan_linalg_link}")
  else()
    set(nodespan_linalg_pc_libs "Libs: -L\${libdir} -lnodespan_linalg\nLibs.private: ${nodespan_linalg_link}")
  endif()
  nodespan_install_pc(nodespan-linalg)
endif()

if(NODESPAN_WITH_HDF5)
  install(FILES include/nodespan/checkpoint.hpp include/nodespan/hdf5.hpp include/nodespan/hdf5_info.hpp
                include/nodespan/hdf5_map.hpp include/nodespan/hdf5_writer.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan)
  install(FILES include/nodespan/c/checkpoint.h include/nodespan/c/hdf5.h
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nodespan/c)
  nodespan_install_library(nodespan_hdf5 nodespan_hdf5_targets)
  get_target_property(nodespan_hdf5_link nodespan::hdf5_c INTERFACE_LINK_LIBRARIES)
  list(JOIN nodespan_hdf5_link " " nodespan_hdf5_link)
  if(nodespan_is_static) # one Libs line: older pkg-config refuses a second
    set(nodespan_hdf5_pc_libs "Libs: -L\${libdir} -lnodespan_hdf5 ${nodespan_hdf5_link}")
  else()
    set(nodespan_hdf5_pc_libs
        "Libs: -L\${libdir} -lnodespan_hdf5\nLibs.private: ${nodespan_hdf5_link}")
  endif()
  nodespan_install_pc(nodespan-hdf5)
  install(FILES cmake/nodespan_find_hdf5.cmake DESTINATION ${nodespan_cmake_folder})
endif()

configure_package_config_file(cmake/nodespan_components.cmake.in
  ${PROJECT_BINARY_DIR}/nodespan_components.cmake INSTALL_DESTINATION ${nodespan_cmake_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nodespan-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/nodespan-config.cmake ${PROJECT_BINARY_DIR}/nodespan_components.cmake
              ${PROJECT_BINARY_DIR}/nodespan-config-version.cmake
              cmake/nodespan_build_type.cmake
        DESTINATION ${nodespan_cmake_folder})
if(TARGET nodespan_python)
  include(nodespan_install_python)
endif()
include(nodespan_manual)
if(NODESPAN_BUILD_APPS)
  nodespan_set_program_rpath(${PROJECT_SOURCE_DIR}/apps)
endif()
