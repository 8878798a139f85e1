# Compiles a file that includes `header` with the folders one layer sees, which must fail for want of
# that header, and with those another one sees, which must not.
file(WRITE ${file} "#include \"${header}\"\n")
function(compile folders result errors)
  list(TRANSFORM folders PREPEND -I)
  execute_process(COMMAND ${compiler} -std=c++20 -fsyntax-only ${folders} ${file}
                  RESULT_VARIABLE code ERROR_VARIABLE text)
  set(${result} ${code} PARENT_SCOPE)
  set(${errors} "${text}" PARENT_SCOPE)
endfunction()

compile("${refused}" code text)
if(code EQUAL 0 OR NOT text MATCHES "${header}: No such file|'${header}' file not found")
  message(FATAL_ERROR "${header} is within sight of ${refused}\n${text}")
endif()
compile("${accepted}" code text)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${header} does not compile with ${accepted}\n${text}")
endif()
