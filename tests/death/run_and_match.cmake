# Runs one case under mpirun and checks how it ends. Needs -DLAUNCH -DNP -DCASE -DPROGRAM
# -DEND=good|bad -DMESSAGE=<regular expression>.
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
if(NOT all MATCHES "${MESSAGE}")
  message(FATAL_ERROR "${CASE}: no \"${MESSAGE}\" in\n${all}")
endif()
message("${CASE}: exit code ${status}, message found")
