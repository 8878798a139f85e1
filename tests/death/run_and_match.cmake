# Runs one case under mpirun and checks how it ends. Needs -DLAUNCH -DNP -DCASE -DPROGRAM
# -DEND=good|bad|lines -DMESSAGE=<regular expression>.
execute_process(COMMAND ${LAUNCH} -n ${NP} --timeout 30 ${PROGRAM} ${CASE}
                OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE status TIMEOUT 60)
set(all "${out}${err}")
if(status EQUAL 124 OR status MATCHES "timeout") # its time limit or CMake has ended it
  message(FATAL_ERROR "${CASE}: hung until its time was over\n${all}")
endif()
if(END STREQUAL good AND NOT status EQUAL 0)
  message(FATAL_ERROR "${CASE}: exit code ${status}, not 0\n${all}")
endif()
if(END STREQUAL bad AND status EQUAL 0)
  message(FATAL_ERROR "${CASE}: exit code 0, where the job has failed\n${all}")
endif()
if(END STREQUAL lines) # exit code 1, and of all lines these are nodespan's
  string(REGEX MATCHALL "nodespan: [^\n]*\n" lines "${err}")
  string(REPLACE ";" "" lines "${lines}")
  if(NOT status EQUAL 1 OR NOT lines STREQUAL MESSAGE OR err MATCHES "received signal|terminate called")
    message(FATAL_ERROR "${CASE}: exit code ${status}, nodespan's lines are\n${lines}of\n${all}")
  endif()
  return()
endif()
if(NOT all MATCHES "${MESSAGE}")
  message(FATAL_ERROR "${CASE}: no \"${MESSAGE}\" in\n${all}")
endif()
message("${CASE}: exit code ${status}, message found")
