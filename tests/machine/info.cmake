# nodespan-info at several rank counts: each entry runs mpirun itself, so as to read the output.
function(nodespan_add_info_test name np simulated)
  add_test(NAME mpi.info.${name}
           COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:nodespan_info>
                   -DLAUNCH=${nodespan_launch} -DNP=${np} -DSIMULATED=${simulated}
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/info_check.cmake)
  set(environment "")
  if(simulated)
    set(environment NODESPAN_RANKS_PER_NODE=${simulated})
  endif()
  nodespan_mpi_properties(mpi.info.${name} ${np} 130 ${environment})
endfunction()

if(TARGET nodespan_info)
  nodespan_add_info_test(np1 1 0)
  nodespan_add_info_test(np2 2 0)
  nodespan_add_info_test(np4.nodes_of_2 4 2)
endif()

# nodespan-info --check, as it is here and with one thing wrong.
function(nodespan_add_info_check name np simulated case)
  add_test(NAME mpi.info_check.${name}
           COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:nodespan_info> -DCASE=${case}
                   -DLAUNCH=${nodespan_launch} -DNP=${np} -DFAULTS=$<TARGET_FILE:check_faults>
                   -DIN_SMALL_SHM=${PROJECT_SOURCE_DIR}/tests/fault/in_small_shm.sh
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/check_check.cmake)
  set(environment "")
  if(simulated)
    set(environment NODESPAN_RANKS_PER_NODE=${simulated})
  endif()
  nodespan_mpi_properties(mpi.info_check.${name} ${np} 220 ${environment})
  set_property(TEST mpi.info_check.${name} PROPERTY SKIP_REGULAR_EXPRESSION "skipped: ")
endfunction()

if(TARGET nodespan_info)
  add_library(check_faults MODULE check_faults.cpp)
  target_link_libraries(check_faults PRIVATE MPI::MPI_CXX nodespan_warnings)
  nodespan_add_info_check(np1 1 0 good)
  nodespan_add_info_check(np2 2 0 good)
  nodespan_add_info_check(np4.nodes_of_2 4 2 good)
  nodespan_add_info_check(all_on_one_core 2 0 bound_to_one)
  nodespan_add_info_check(small_shm 2 0 small_shm)
  nodespan_add_info_check(hang 2 1 hang)
  nodespan_add_info_check(crash 2 1 crash)
  nodespan_add_info_check(wrong_sums 2 1 wrong)
  if(NODESPAN_MPI STREQUAL "openmpi-4")
    nodespan_add_info_check(osc_rdma 2 1 osc_rdma)
  endif()
  nodespan_add_info_check(launcher_of_another_mpi 1 0 launcher)
  add_test(NAME docs.info_cures COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cures_check.py ${PROJECT_SOURCE_DIR})
  set_tests_properties(docs.info_cures PROPERTIES PROCESSORS 1 TIMEOUT 20 LABELS docs)
endif()
