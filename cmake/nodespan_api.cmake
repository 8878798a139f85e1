# The API reference by Doxygen, where it is found: the target `api` makes build/api/html.
find_package(Doxygen 1.9 QUIET)
if(DOXYGEN_FOUND)
  configure_file(docs/Doxyfile.in Doxyfile @ONLY)
  add_custom_target(api COMMAND Doxygen::doxygen Doxyfile WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
                    COMMENT "Making the API reference")
else()
  message(STATUS "No Doxygen: no API reference")
endif()
