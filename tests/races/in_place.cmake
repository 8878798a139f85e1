# The same programs by clang and lld, which expand the checker in them, where both are there: in a project
# of its own, since one has but one compiler.
find_program(NODESPAN_CLANGXX NAMES clang++ clang++-19 clang++-16 clang++-14)
find_program(NODESPAN_LLD NAMES ld.lld)
if(NOT NODESPAN_CLANGXX OR NOT NODESPAN_LLD OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" OR CMAKE_CROSSCOMPILING)
  message(STATUS "Race checker: not expanded in place, which takes clang and lld on x86-64")
  return()
endif()
string(REPLACE clang++ clang clang ${NODESPAN_CLANGXX})
set(folder ${CMAKE_CURRENT_BINARY_DIR}/in_place)
set(programs ${PROJECT_BINARY_DIR}/tests/bin)
export(TARGETS nodespan nodespan_race_runtime nodespan_race_checker nodespan_race_checker_in_place
       NAMESPACE nodespan:: FILE ${folder}/targets.cmake)
file(GENERATE OUTPUT ${folder}/build.cmake CONTENT "
execute_process(COMMAND \"${CMAKE_COMMAND}\" -S \"${CMAKE_CURRENT_SOURCE_DIR}/in_place\" -B \"${folder}/build\" -G \"${CMAKE_GENERATOR}\"
  \"-DCMAKE_C_COMPILER=${clang}\" \"-DCMAKE_CXX_COMPILER=${NODESPAN_CLANGXX}\" -DCMAKE_BUILD_TYPE=Release
  \"-DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}\" \"-DTARGETS=${folder}/targets.cmake\"
  \"-DPROGRAMS=${programs}\" \"-DCASES=${cases}\"
  \"-DINSIDE=${inside}\" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${folder}/build\" --target \${WANTED} COMMAND_ERROR_IS_FATAL ANY)
")
# nodespan_build_in_place(<target> ALL|"" <program>...): whenever asked, since the inner project knows best
function(nodespan_build_in_place name all)
  add_custom_target(${name} ${all} COMMAND ${CMAKE_COMMAND} "-DWANTED=${ARGN}" -P ${folder}/build.cmake
                    COMMENT "Programs with the race checker in place" VERBATIM)
  add_dependencies(${name} nodespan nodespan_race_runtime)
endfunction()
nodespan_build_in_place(race_programs_in_place ALL race_cases_in_place race_report_in_place)
nodespan_build_in_place(race_overhead_by_clang "" race_overhead_in_place race_overhead_by_clang
                        race_overhead_plain_by_clang)
add_dependencies(race_overhead_by_clang race_programs_in_place) # one at a time

nodespan_add_race_test(in_place_of_one_node 3 0 ${programs}/race_cases_in_place)
if(Python3_FOUND)
  add_test(NAME races.in_place_are_reported_in_words
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/report_check.py ${nodespan_launch}
                   ${CMAKE_CURRENT_SOURCE_DIR} ${programs}/race_report_in_place)
  nodespan_mpi_properties(races.in_place_are_reported_in_words 2 300)
  set_tests_properties(races.in_place_are_reported_in_words PROPERTIES LABELS "mpi;races")
endif()
