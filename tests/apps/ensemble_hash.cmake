# The ensemble's averaged parameters are the same bits at 1, 2, 3 and 4 ranks of one node, training
# lowers the error, and the model beats the majority. Needs -DLAUNCH, -DPROGRAM, -DTEXT.
set(expected "")
foreach(np RANGE 1 4)
  execute_process(
    COMMAND ${LAUNCH} -n ${np} --timeout 100 ${PROGRAM} --text ${TEXT}
            --models 6 --epochs 3 --average-every 2 --dim 10 --categories 4 --json
    OUTPUT_VARIABLE json ERROR_VARIABLE progress RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "nodespan-ensemble at ${np} ranks: exit code ${status}\n${progress}${json}")
  endif()
  string(JSON hash GET "${json}" parameters_hash)
  string(JSON before GET "${json}" before_training reconstruction_error)
  string(JSON after GET "${json}" averaged_model reconstruction_error)
  string(JSON agree GET "${json}" averages_agree)
  message("${np} ranks: hash ${hash}, error ${before} -> ${after}")
  if(expected STREQUAL "")
    set(expected ${hash})
  endif()
  if(NOT hash STREQUAL expected)
    message(FATAL_ERROR "the hash depends on the number of ranks: ${hash}, not ${expected}")
  endif()
  if(NOT after LESS before OR NOT agree)
    message(FATAL_ERROR "training did not lower the error, or the two averagings differ")
  endif()
endforeach()

# Over two simulated nodes sums are rounded in another order: close, not equal.
set(ENV{NODESPAN_RANKS_PER_NODE} 2)
execute_process(
  COMMAND ${LAUNCH} -n 3 --timeout 100 ${PROGRAM} --text ${TEXT}
          --models 6 --epochs 3 --average-every 2 --dim 10 --categories 4 --json
  OUTPUT_VARIABLE json ERROR_VARIABLE progress RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "nodespan-ensemble over 2 nodes: exit code ${status}\n${progress}${json}")
endif()
string(JSON over_nodes GET "${json}" averaged_model reconstruction_error)
string(JSON nodes GET "${json}" nodes)
# CMake compares no fractions: take the first digits.
string(SUBSTRING "${after}" 0 5 first)
string(SUBSTRING "${over_nodes}" 0 5 second)
if(NOT nodes EQUAL 2 OR NOT first STREQUAL second)
  message(FATAL_ERROR "over ${nodes} nodes the error is ${over_nodes}, on one ${after}")
endif()

# A folder that is not there: one message, exit code 1; too many ranks or a wrong option: 2.
unset(ENV{NODESPAN_RANKS_PER_NODE})
foreach(case "1;--text;/nonexistent" "2;--models;1" "2;--no-such-option")
  list(POP_FRONT case wanted)
  execute_process(COMMAND ${LAUNCH} -n 2 --timeout 60 ${PROGRAM} ${case}
                  OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE status)
  if(NOT status EQUAL wanted)
    message(FATAL_ERROR "${case}: exit code ${status}, not ${wanted}\n${out}${err}")
  endif()
endforeach()
