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
