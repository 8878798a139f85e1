# What people look things up in: man pages and completion in bash, both made of what the programs say with --help,
# an Environment Modules file, the documents, and the examples.
find_program(NODESPAN_MANUAL_PYTHON python3 HINTS /usr/bin DOC "Makes man pages of the programs' --help")
mark_as_advanced(NODESPAN_MANUAL_PYTHON)
get_property(nodespan_manual_programs GLOBAL PROPERTY nodespan_programs)
set(nodespan_manual_folder ${PROJECT_BINARY_DIR}/manual)
if(nodespan_manual_programs AND NODESPAN_MANUAL_PYTHON AND NOT CMAKE_CROSSCOMPILING)
  set(made "")
  foreach(target IN LISTS nodespan_manual_programs)
    get_target_property(name ${target} OUTPUT_NAME)
    set(stamp ${nodespan_manual_folder}/${name}.stamp)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${NODESPAN_MANUAL_PYTHON} ${PROJECT_SOURCE_DIR}/packaging/manual.py $<TARGET_FILE:${target}>
              ${nodespan_manual_folder}/man1/${name}.1 ${nodespan_manual_folder}/completions/${name}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${target} ${PROJECT_SOURCE_DIR}/packaging/manual.py
      COMMENT "Man page of ${name}" VERBATIM)
    list(APPEND made ${stamp})
    # A program that does not start where it was built has no page.
    install(FILES ${nodespan_manual_folder}/man1/${name}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
    install(FILES ${nodespan_manual_folder}/completions/${name}
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
  endforeach()
  if(TARGET nodespan_python) # the script that is installed with it
    set(stamp ${nodespan_manual_folder}/nodespan-watch.stamp)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${PROJECT_BINARY_DIR}/python
              ${NODESPAN_MANUAL_PYTHON} ${PROJECT_SOURCE_DIR}/packaging/manual.py ${PROJECT_BINARY_DIR}/python/nodespan-watch
              ${nodespan_manual_folder}/man1/nodespan-watch.1 ${nodespan_manual_folder}/completions/nodespan-watch
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS nodespan_python ${PROJECT_SOURCE_DIR}/packaging/manual.py ${PROJECT_SOURCE_DIR}/python/nodespan/watch.py
      COMMENT "Man page of nodespan-watch" VERBATIM)
    list(APPEND made ${stamp})
    install(FILES ${nodespan_manual_folder}/man1/nodespan-watch.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
    install(FILES ${nodespan_manual_folder}/completions/nodespan-watch
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
  endif()
  add_custom_target(nodespan_manual ALL DEPENDS ${made})
elseif(nodespan_manual_programs)
  message(STATUS "nodespan: no man pages, which need python3 and programs that run here")
endif()

# The module finds the prefix by where it lies itself.
set(nodespan_module_folder ${CMAKE_INSTALL_DATADIR}/modulefiles/nodespan)
file(RELATIVE_PATH nodespan_module_to_prefix /${nodespan_module_folder} /)
string(REGEX REPLACE "/$" "" nodespan_module_to_prefix "${nodespan_module_to_prefix}")
set(nodespan_module_python "")
if(TARGET nodespan_python)
  set(nodespan_module_python "prepend-path PYTHONPATH [file join $prefix ${NODESPAN_PYTHON_DESTINATION}]")
endif()
configure_file(packaging/modulefile.in ${PROJECT_BINARY_DIR}/modulefile @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/modulefile DESTINATION ${nodespan_module_folder} RENAME ${PROJECT_VERSION})

install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN *.md PATTERN *.svg PATTERN *.png)
install(DIRECTORY apps/examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN *.cpp PATTERN *.c PATTERN *.f90 PATTERN *.sbatch)
