# One helper for each kind of test. Every ctest entry sets PROCESSORS, TIMEOUT and LABELS.
include_guard()

set_property(GLOBAL PROPERTY nodespan_registered_tests "")

# nodespan_test_program(<name> <sources>... [LIBRARIES <targets>...])
function(nodespan_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} nodespan_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE full)
    set_property(GLOBAL APPEND PROPERTY nodespan_registered_tests ${full})
  endforeach()
endfunction()

# nodespan_add_unit_test(<name> <sources>... [LIBRARIES <targets>...]): one process, no mpirun.
function(nodespan_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  nodespan_test_program(${name} ${arg_UNPARSED_ARGUMENTS}
                        LIBRARIES GTest::gtest_main ${arg_LIBRARIES} nodespan_test_support)
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES PROCESSORS 1 TIMEOUT 120 LABELS unit)
endfunction()

# nodespan_mpi_properties(<name> <np> <seconds> [VARIABLE=value...]): what every entry that starts
# mpirun needs; works as root, with more ranks than cores, beside other tests.
function(nodespan_mpi_properties name np seconds)
  math(EXPR limit "${seconds} + 20") # mpirun's own limit comes first: it ends the ranks as well
  set(environment
      OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
      OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none # to Open MPI 4
      PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none # to 5
      ${ARGN})
  set_tests_properties(${name} PROPERTIES PROCESSORS ${np} TIMEOUT ${limit} LABELS mpi ENVIRONMENT "${environment}")
endfunction()

# nodespan_match_output(<variable> <regular expression> <command>...): sets it to a command that runs this
# one, and fails where that fails or its standard output does not match. (ctest's own properties for that
# look at standard error as well, and not at the exit code.)
function(nodespan_match_output variable expected)
  set(command ${PROJECT_SOURCE_DIR}/tests/support/match_output.sh "${expected}" ${ARGN})
  list(LENGTH command count)
  if(NOT count EQUAL ARGC)
    message(FATAL_ERROR "a bracket without its partner holds CMake's lists together: ${expected}")
  endif()
  set(${variable} ${command} PARENT_SCOPE)
endfunction()

# nodespan_mpirun(<name> NP <n> [SIMULATED <k>] [TIMEOUT <s>] [OUTPUT <regular expression>]
#                 COMMAND <program> <args>...)
# One ctest entry that runs a program under mpirun; <k> ranks make a simulated node. OUTPUT: what its
# standard output must match.
function(nodespan_mpirun name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NP;SIMULATED;TIMEOUT;OUTPUT" "COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(command ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${arg_NP} --timeout ${arg_TIMEOUT} ${arg_COMMAND})
  if(arg_OUTPUT)
    nodespan_match_output(command "${arg_OUTPUT}" ${command})
  endif()
  add_test(NAME ${name} COMMAND ${command})
  set(environment "")
  if(arg_SIMULATED)
    set(environment NODESPAN_RANKS_PER_NODE=${arg_SIMULATED})
  endif()
  nodespan_mpi_properties(${name} ${arg_NP} ${arg_TIMEOUT} ${environment})
endfunction()

# nodespan_add_mpi_test(<name> <sources>... [LIBRARIES <targets>...] [NP <n>...] [SIMULATED <k>...])
# A GoogleTest program, run at each number of ranks and again in simulated nodes of <k> ranks.
function(nodespan_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "NP;SIMULATED;LIBRARIES")
  if(NOT DEFINED arg_NP)
    set(arg_NP 1 2 3 4 7)
  endif()
  if(NOT DEFINED arg_SIMULATED)
    set(arg_SIMULATED 1 2)
  endif()
  set(timeout "")
  if(arg_TIMEOUT)
    set(timeout TIMEOUT ${arg_TIMEOUT})
  endif()
  nodespan_test_program(${name} ${arg_UNPARSED_ARGUMENTS}
                        LIBRARIES ${arg_LIBRARIES} nodespan_test_support)
  foreach(np IN LISTS arg_NP)
    nodespan_mpirun(mpi.${name}.np${np} NP ${np} ${timeout} COMMAND $<TARGET_FILE:${name}>)
    foreach(k IN LISTS arg_SIMULATED)
      if(np GREATER k)
        nodespan_mpirun(mpi.${name}.np${np}.nodes_of_${k} NP ${np} SIMULATED ${k} ${timeout}
                        COMMAND $<TARGET_FILE:${name}>)
      endif()
    endforeach()
  endforeach()
endfunction()

# A *_test.cpp or *_test.c that nobody registered fails the configure step.
function(nodespan_require_all_tests_registered)
  get_property(registered GLOBAL PROPERTY nodespan_registered_tests)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cpp
       ${PROJECT_SOURCE_DIR}/tests/*_test.c)
  foreach(file IN LISTS all)
    if(file MATCHES "hdf5|checkpoint" AND NOT NODESPAN_WITH_HDF5)
      continue()
    endif()
    if(file MATCHES "boost_mpi" AND NOT NODESPAN_WITH_BOOST_MPI)
      continue()
    endif()
    if(file MATCHES "ensemble|acquire|numpy_text" AND NOT NODESPAN_BUILD_APPS)
      continue()
    endif()
    if(NOT file IN_LIST registered)
      message(FATAL_ERROR "${file} is registered by no CMakeLists.txt: it would never run")
    endif()
  endforeach()
endfunction()
