# nodespan-info at several rank counts: each entry runs mpirun itself, so as to read the output.
function(nodespan_add_info_test name np simulated)
  add_test(NAME mpi.info.${name}
           COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:nodespan_info>
                   -DMPIEXEC=${MPIEXEC_EXECUTABLE} -DNP=${np} -DSIMULATED=${simulated}
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/info_check.cmake)
  set(environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
                  OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
                  OMPI_MCA_hwloc_base_binding_policy=none)
  if(simulated)
    list(APPEND environment NODESPAN_RANKS_PER_NODE=${simulated})
  endif()
  set_tests_properties(mpi.info.${name} PROPERTIES PROCESSORS ${np} TIMEOUT 150 LABELS mpi
                       ENVIRONMENT "${environment}")
endfunction()

if(TARGET nodespan_info)
  nodespan_add_info_test(np1 1 0)
  nodespan_add_info_test(np2 2 0)
  nodespan_add_info_test(np4.nodes_of_2 4 2)
endif()
