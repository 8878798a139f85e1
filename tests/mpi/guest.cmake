# nodespan in the process of a host code: what it leaves alone, and what it leaves behind.
nodespan_add_mpi_test(guest_test guest_test.cpp)

# What docs/embedding.md tells hosts to set, whose MPI is theirs to start.
set(nodespan_host_setting "")
if(NODESPAN_MPI STREQUAL "openmpi-4")
  set(nodespan_host_setting "OMPI_MCA_osc=^ucx,rdma")
endif()

nodespan_test_program(quiet_guest quiet_guest.cpp LIBRARIES nodespan::nodespan)
if(NODESPAN_WITH_HDF5)
  target_link_libraries(quiet_guest PRIVATE nodespan::hdf5 nodespan::hdf5_c)
endif()
# nodespan_add_quiet_test(<level> <ranks a node> <setting of the host>...)
function(nodespan_add_quiet_test level nodes_of)
  set(name mpi.quiet_guest.${level}.nodes_of_${nodes_of})
  set(refusal "")
  if(level STREQUAL "multiple" AND nodes_of EQUAL 1 AND NODESPAN_MPI STREQUAL "openmpi-4")
    set(refusal "MPI_THREAD_MULTIPLE; ask for MPI_THREAD_SERIALIZED")
  endif()
  add_test(NAME ${name}
           COMMAND ${CMAKE_COMMAND} -DLAUNCH=${nodespan_launch} -DPROGRAM=$<TARGET_FILE:quiet_guest>
                   -DLEVEL=${level} "-DREFUSAL=${refusal}" -P ${CMAKE_CURRENT_SOURCE_DIR}/guest_check.cmake)
  nodespan_mpi_properties(${name} 2 80 NODESPAN_RANKS_PER_NODE=${nodes_of} ${ARGN})
endfunction()
foreach(level single funneled serialized multiple)
  nodespan_add_quiet_test(${level} 2)
  nodespan_add_quiet_test(${level} 1 ${nodespan_host_setting})
endforeach()

nodespan_test_program(guest_lives guest_lives.cpp LIBRARIES nodespan::nodespan)
foreach(nodes_of 2 1)
  nodespan_mpirun(mpi.guest_lives.nodes_of_${nodes_of} NP 2 SIMULATED ${nodes_of} TIMEOUT 280
                  COMMAND $<TARGET_FILE:guest_lives> 4000)
endforeach()
