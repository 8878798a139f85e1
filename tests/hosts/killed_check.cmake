# A rank that is killed ends the job: with a message, a failure, and nothing left in any /dev/shm, no
# process either. Needs -DPROGRAM and, for hosts, -DWITH_HOSTS -DSLOTS; for this machine -DIN_SHM
# -DLAUNCH -DNP.
string(TIMESTAMP begin "%s")
if(WITH_HOSTS)
  set(start ${WITH_HOSTS} ${SLOTS})
else()
  set(start ${IN_SHM} 256m ${LAUNCH} -n ${NP} --timeout 90)
endif()
execute_process(COMMAND ${start} ${PROGRAM}
                OUTPUT_VARIABLE out ERROR_VARIABLE error RESULT_VARIABLE status)
string(TIMESTAMP end "%s")
math(EXPR seconds "${end} - ${begin}")
message("exit code ${status} after ${seconds} s\n${out}\n${error}")
if(status EQUAL 77)
  return() # the output says why it was skipped
endif()
set(all "${out}${error}")
if(NOT all MATCHES "working" OR status EQUAL 0)
  message(FATAL_ERROR "the job was to begin, and to fail")
endif()
if(NOT all MATCHES "signal 9|peer process has unexpectedly disconnected") # the launcher, or, in Open MPI 5, a peer
  message(FATAL_ERROR "nobody says that a rank was killed")
endif()
if(all MATCHES "left in /dev/shm|left running")
  message(FATAL_ERROR "something stays")
endif()
if(seconds GREATER 60)
  message(FATAL_ERROR "the others waited for ${seconds} s")
endif()
