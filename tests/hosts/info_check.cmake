# Runs PROGRAM (nodespan-info) over two real hosts by WITH_HOSTS: one-sided communication between
# them works, and where a setting switches it off, the report says how to get it back.
cmake_minimum_required(VERSION 3.22)

# Sets output, or skipped where hosts cannot be made.
function(run_over_hosts)
  execute_process(COMMAND ${WITH_HOSTS} 1,1 ${ARGN} OUTPUT_VARIABLE output
                  ERROR_VARIABLE complaints RESULT_VARIABLE code)
  if(code EQUAL 77)
    message(STATUS "${output}") # "skipped: ...", which ctest looks for
  elseif(NOT code EQUAL 0)
    message(FATAL_ERROR "'${ARGN}' returned ${code}:\n${output}${complaints}")
  endif()
  set(output "${output}" PARENT_SCOPE)
  string(COMPARE EQUAL "${code}" 77 skipped)
  set(skipped ${skipped} PARENT_SCOPE)
endfunction()

function(expect expected)
  string(JSON found GET "${output}" ${ARGN})
  if(NOT found STREQUAL expected)
    message(FATAL_ERROR "${ARGN}: found '${found}', expected '${expected}' in\n${output}")
  endif()
endfunction()

run_over_hosts(${PROGRAM} --json)
if(skipped)
  return()
endif()
expect(2 ranks)
expect(OFF simulated_nodes)
expect(works rma_between_nodes)

# What Debian's system file says, as if a user insisted on it; in Open MPI 5 what helps in 4.
string(JSON library GET "${output}" mpi_library)
if(library MATCHES "^Open MPI v[1-4][.]")
  set(setting "^ucx,pt2pt")
  set(cure "^ucx,rdma")
elseif(library MATCHES "^Open MPI")
  set(setting "^ucx,rdma")
  set(cure "^ucx")
else()
  return()
endif()
run_over_hosts(env "OMPI_MCA_osc=${setting}" ${PROGRAM} --json)
expect(fails rma_between_nodes)
expect("you (OMPI_MCA_osc)" rma_chosen_by)
string(JSON advice GET "${output}" advice)
string(FIND "${advice}" "set OMPI_MCA_osc=${cure} in the environment before MPI_Init" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the advice does not name the cure:\n${advice}")
endif()
