# One helper for each kind of test. Every ctest entry sets PROCESSORS, TIMEOUT and LABELS. Two labels are for
# shorter runs: `quick` has unit tests and those of two ranks, `brief` also three: for other MPIs, and for the
# sanitizers.
include_guard()

set_property(GLOBAL PROPERTY nodespan_registered_tests "")
# Under the sanitizers: leaks that are MPI's own are not told, and what MPI is built without stays unchecked.
set(nodespan_sanitizer_settings "")
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*address")
  set(nodespan_sanitizer_settings
      LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/leaks_of_mpi.txt:print_suppressions=0
      UBSAN_OPTIONS=print_stacktrace=1)
endif()
set_property(GLOBAL PROPERTY nodespan_unit_programs "") # what the tests of label unit need
set_property(GLOBAL PROPERTY nodespan_brief_programs "") # what those of brief need beside

# Compiling tests takes longer than running most of them, and a third less at -O1. Programs and the library itself keep
# what the build type asks for.
set(nodespan_test_optimisation "")
string(TOUPPER "${CMAKE_BUILD_TYPE}" nodespan_type)
if(CMAKE_CXX_FLAGS_${nodespan_type} MATCHES "-O[23]")
  set(nodespan_test_optimisation -O1 # where GCC warns of what it does not follow through calls
      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized$<SEMICOLON>-Wno-mismatched-new-delete>)
endif()

# nodespan_test_program(<name> <sources>... [LIBRARIES <targets>...])
function(nodespan_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} nodespan_warnings)
  target_compile_options(${name} PRIVATE "${nodespan_test_optimisation}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE full)
    set_property(GLOBAL APPEND PROPERTY nodespan_registered_tests ${full})
  endforeach()
endfunction()

# nodespan_add_unit_test(<name> <sources>... [LIBRARIES <targets>...]): one process, no launcher.
function(nodespan_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  nodespan_test_program(${name} ${arg_UNPARSED_ARGUMENTS}
                        LIBRARIES GTest::gtest_main ${arg_LIBRARIES} nodespan_test_support)
  set(limit 300)
  if(CMAKE_CROSSCOMPILING) # an emulator takes its time
    set(limit 1200)
  endif()
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES PROCESSORS 1 TIMEOUT ${limit} LABELS "unit;quick;brief"
                       ENVIRONMENT "${nodespan_sanitizer_settings}")
  set_property(GLOBAL APPEND PROPERTY nodespan_unit_programs ${name})
endfunction()

# nodespan_cores(<variable> <np>): what ranks take of a machine. Starting them is waiting, for the most part, and so are
# their waits for each other: two small jobs side by side take less time than one after the other. Simulated nodes meet
# by MPI's messages, which is waiting on a core: programs of many tests take two there and on three ranks or more, since
# they lose by company.
function(nodespan_cores variable np)
  set(${variable} 1 PARENT_SCOPE)
  if(np GREATER 4)
    set(${variable} 2 PARENT_SCOPE)
  endif()
endfunction()

# nodespan_mpi_properties(<name> <np> <seconds> [VARIABLE=value...]): what every entry that starts ranks
# needs. They are started by nodespan_launch.cmake's script, whose time limit comes first: it ends the
# ranks as well.
function(nodespan_mpi_properties name np seconds)
  math(EXPR limit "${seconds} + 20")
  nodespan_cores(cores ${np})
  set(settings ${nodespan_sanitizer_settings} ${ARGN})
  if(NODESPAN_MPI STREQUAL "mpich") # UCX ends a process that has left windows behind, as some tests do
    list(APPEND settings UCX_RCACHE_ENABLE=n)
  endif()
  set_tests_properties(${name} PROPERTIES PROCESSORS ${cores} TIMEOUT ${limit} LABELS mpi
                       ENVIRONMENT "${settings}")
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
# One ctest entry that runs a program on ranks; <k> of them make a simulated node. OUTPUT: what its
# standard output must match.
function(nodespan_mpirun name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NP;SIMULATED;TIMEOUT;OUTPUT" "COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(command ${nodespan_launch} -n ${arg_NP} --timeout ${arg_TIMEOUT} ${arg_COMMAND})
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

# nodespan_add_mpi_test(<name> <sources>... [LIBRARIES <targets>...] [NP <n>...] [SIMULATED <k>...]
#                       [TIMEOUT <s>] [THOROUGH])
# A GoogleTest program, run at each number of ranks and again in simulated nodes of <k> ranks. Starting
# ranks takes longer than most tests, so that tests which do not disturb each other share a program; it
# says for each of its files how many have passed, and takes --only=file[,file...]. THOROUGH: too long, or too
# destructive, for the runs of labels quick and brief.
function(nodespan_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THOROUGH" "TIMEOUT" "NP;SIMULATED;LIBRARIES")
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
  if(NOT arg_THOROUGH)
    set_property(GLOBAL APPEND PROPERTY nodespan_brief_programs ${name})
  endif()
  foreach(np IN LISTS arg_NP)
    foreach(k 0 ${arg_SIMULATED}) # 0: one node
      if(NOT np GREATER k)
        continue()
      endif()
      set(entry mpi.${name}.np${np})
      if(k GREATER 0)
        string(APPEND entry .nodes_of_${k})
      endif()
      nodespan_mpirun(${entry} NP ${np} SIMULATED ${k} ${timeout} COMMAND $<TARGET_FILE:${name}>)
      if(k GREATER 0 OR np GREATER 2)
        set_tests_properties(${entry} PROPERTIES PROCESSORS 2)
      endif()
      if(arg_THOROUGH OR NOT np MATCHES "^[23]$")
        continue()
      endif()
      set_property(TEST ${entry} APPEND PROPERTY LABELS brief)
      if(np EQUAL 2)
        set_property(TEST ${entry} APPEND PROPERTY LABELS quick)
      endif()
    endforeach()
  endforeach()
endfunction()

# A *_test.cpp or *_test.c that nobody registered fails the configure step.
function(nodespan_require_all_tests_registered)
  get_property(registered GLOBAL PROPERTY nodespan_registered_tests)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cpp
       ${PROJECT_SOURCE_DIR}/tests/*_test.c ${PROJECT_SOURCE_DIR}/tests/*_test.F90)
  foreach(file IN LISTS all)
    if(file MATCHES "hdf5|checkpoint" AND NOT NODESPAN_WITH_HDF5)
      continue()
    endif()
    if(file MATCHES "multiply" AND NOT nodespan_has_linalg)
      continue()
    endif()
    if(file MATCHES "fortran" AND NOT TARGET fortran_test)
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
