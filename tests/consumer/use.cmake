# Builds and runs an outside project against the installed tree. Needs -DSTAGE -DCASE -DMPIEXEC
# -DPROGRAM (its folder) -DCXX -DFLAGS -DGENERATOR, and for pkg-config -DMPICXX -DPKG_CONFIG.
set(folder ${STAGE}/${CASE})
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})
file(GLOB_RECURSE config ${STAGE}/prefix/*/nodespan-config.cmake)
file(GLOB_RECURSE pc ${STAGE}/prefix/*/nodespan.pc)
cmake_path(GET pc PARENT_PATH pc_folder)
cmake_path(GET pc_folder PARENT_PATH libraries)

# configure(<component>): sets status and output
macro(configure wanted)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${PROGRAM} -B ${folder} -G "${GENERATOR}"
                          -DCMAKE_PREFIX_PATH=${STAGE}/prefix -DCMAKE_CXX_COMPILER=${CXX}
                          -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=${FLAGS}" -DWANTED=${wanted}
                  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
endmacro()

function(build_with_cmake wanted)
  configure("${wanted}")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "configure failed\n${output}")
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${folder} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_with_pkg_config module)
  set(ENV{PKG_CONFIG_PATH} ${pc_folder}:$ENV{PKG_CONFIG_PATH})
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${module} OUTPUT_VARIABLE flags
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(own_flags UNIX_COMMAND "${FLAGS}")
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(ENV{OMPI_CXX} ${CXX})
  execute_process(COMMAND ${MPICXX} -std=c++20 -O2 ${own_flags} ${PROGRAM}/main.cpp -o ${folder}/consumer
                          ${flags} -Wl,-rpath,${libraries}
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The component that nodespan has not got must be refused, by a message that says so.
if(CASE STREQUAL "unknown_component")
  configure(python)
  if(status EQUAL 0 OR NOT output MATCHES "no component[ \n]+python")
    message(FATAL_ERROR "no clear message\n${output}")
  endif()
  return()
elseif(CASE STREQUAL "find_package")
  build_with_cmake("")
elseif(CASE STREQUAL "find_package_hdf5")
  build_with_cmake(hdf5)
elseif(CASE STREQUAL "pkg_config")
  build_with_pkg_config(nodespan)
else()
  build_with_pkg_config(nodespan-hdf5)
endif()

execute_process(COMMAND ${MPIEXEC} -n 2 --timeout 60 ./consumer WORKING_DIRECTORY ${folder}
                OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")
set(expected "without HDF5")
if(CASE MATCHES "hdf5")
  set(expected "with HDF5")
endif()
if(NOT output MATCHES "${expected}, 2 ranks: good")
  message(FATAL_ERROR "expected \"${expected}, 2 ranks: good\"")
endif()
