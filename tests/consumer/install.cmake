# Installs the build tree, then moves it: whatever is not relocatable fails in the tests after this.
# Needs -DBUILD -DSOURCE -DSTAGE; with -DPYTHON what else is installed is looked at.
file(REMOVE_RECURSE ${STAGE})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${STAGE}/first
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${STAGE}/first ${STAGE}/prefix)

file(GLOB_RECURSE described ${STAGE}/prefix/*.cmake ${STAGE}/prefix/*.pc)
foreach(file IN LISTS described)
  file(READ ${file} text)
  foreach(path ${STAGE} ${BUILD} ${SOURCE})
    string(REGEX REPLACE "([][+.*^$()?])" "\\\\\\1" path ${path})
    if("${text}" MATCHES "(^|[^A-Za-z0-9_.+}-])${path}/") # the folder itself, not one of the same name elsewhere
      message(FATAL_ERROR "${file} names ${path}: it cannot be moved")
    endif()
  endforeach()
endforeach()
list(LENGTH described count)
if(count EQUAL 0)
  message(FATAL_ERROR "no package files were installed")
endif()
if(PYTHON)
  execute_process(COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/installed_check.py ${SOURCE} ${STAGE}/prefix
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
