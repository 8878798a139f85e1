# The field of nodespan-heat is the same bits at every number of ranks and nodes and in every layout,
# and the same as that of plain MPI. Needs -DMPIEXEC and -DPROGRAM.
function(run np nodes_of)
  set(ENV{NODESPAN_RANKS_PER_NODE} ${nodes_of})
  execute_process(
    COMMAND ${MPIEXEC} -n ${np} --timeout 60 ${PROGRAM} --size 61 47 --steps 60 --reference --json
            --quiet ${ARGN}
    OUTPUT_VARIABLE json ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${np} ranks, nodes of ${nodes_of}, ${ARGN}: exit code ${status}\n${error}${json}")
  endif()
  string(JSON hash GET "${json}" field_hash)
  string(JSON good GET "${json}" good)
  string(JSON equal GET "${json}" reference equal)
  if(NOT good OR NOT equal)
    message(FATAL_ERROR "${np} ranks, nodes of ${nodes_of}, ${ARGN}: wrong field\n${json}")
  endif()
  set(hash ${hash} PARENT_SCOPE)
endfunction()

foreach(kind "" "--periodic")
  run(1 0 ${kind})
  set(expected ${hash})
  message("field ${kind}: ${expected}")
  foreach(case 2=0 2=1 3=2 4=1 4=2 7=1 7=3)
    string(REPLACE "=" ";" case ${case})
    list(GET case 0 np)
    list(GET case 1 nodes_of)
    foreach(layout rows blocks)
      run(${np} ${nodes_of} ${kind} --layout ${layout})
      if(NOT hash STREQUAL expected)
        message(FATAL_ERROR "${np} ranks, nodes of ${nodes_of}, ${layout}, ${kind}: ${hash}, not ${expected}")
      endif()
    endforeach()
  endforeach()
endforeach()

# Bad usage: a step that is not stable, a size that is none, a layout that does not exist.
foreach(case "--dt;1" "--size;0" "--layout;spiral")
  execute_process(COMMAND ${MPIEXEC} -n 2 --timeout 60 ${PROGRAM} ${case}
                  OUTPUT_VARIABLE out ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status EQUAL 2 OR NOT "${out}${error}" MATCHES "[a-z]")
    message(FATAL_ERROR "${case}: exit code ${status}, not 2\n${out}${error}")
  endif()
endforeach()
