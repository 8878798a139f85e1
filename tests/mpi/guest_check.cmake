# A host code hears nothing of nodespan. Needs -DLAUNCH -DPROGRAM -DLEVEL; with -DREFUSAL=<regular
# expression>, that error is the alternative.
execute_process(COMMAND ${LAUNCH} -n 2 --timeout 60 ${PROGRAM} ${LEVEL}
                OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "exit code ${status}\n${out}${err}")
endif()
# On standard error MPI may have words of its own, on a busy machine for one.
if((out STREQUAL "" AND NOT err MATCHES "nodespan") OR (REFUSAL AND out MATCHES "${REFUSAL}"))
  return()
endif()
message(FATAL_ERROR "something was printed\n${out}${err}")
