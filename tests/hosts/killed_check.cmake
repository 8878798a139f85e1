# A rank that is killed ends the job: with a message, a failure, and nothing left in any /dev/shm.
# Needs -DPROGRAM, -DSLOTS, -DWITH_HOSTS.
string(TIMESTAMP start "%s")
execute_process(COMMAND ${WITH_HOSTS} ${SLOTS} ${PROGRAM}
                OUTPUT_VARIABLE out ERROR_VARIABLE error RESULT_VARIABLE status)
string(TIMESTAMP end "%s")
math(EXPR seconds "${end} - ${start}")
message("exit code ${status} after ${seconds} s\n${out}\n${error}")
if(status EQUAL 77)
  return() # the output says why it was skipped
endif()
set(all "${out}${error}")
if(NOT all MATCHES "working" OR status EQUAL 0)
  message(FATAL_ERROR "the job was to begin, and to fail")
endif()
if(NOT all MATCHES "signal 9")
  message(FATAL_ERROR "nobody says that a rank was killed")
endif()
if(all MATCHES "left in /dev/shm")
  message(FATAL_ERROR "something stays in /dev/shm")
endif()
if(seconds GREATER 60)
  message(FATAL_ERROR "the others waited for ${seconds} s")
endif()
