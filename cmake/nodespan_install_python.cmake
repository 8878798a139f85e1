# The Python package: where the system's Python looks, or beside the libraries of another prefix.
if(EXISTS /etc/debian_version)
  set(nodespan_site lib/python3/dist-packages)
else()
  set(nodespan_site lib/python${NODESPAN_PYTHON_VERSION}/site-packages)
endif()
set(NODESPAN_PYTHON_DESTINATION ${nodespan_site} CACHE STRING
    "Where the Python package is installed, below the prefix")
install(DIRECTORY python/nodespan DESTINATION ${NODESPAN_PYTHON_DESTINATION}
        FILES_MATCHING PATTERN *.py PATTERN *.pyi PATTERN py.typed PATTERN __pycache__ EXCLUDE)
set(nodespan_python_modules nodespan_python)
if(TARGET nodespan_python_checked)
  list(APPEND nodespan_python_modules nodespan_python_checked)
endif()
install(TARGETS ${nodespan_python_modules} LIBRARY DESTINATION ${NODESPAN_PYTHON_DESTINATION}/nodespan)
file(RELATIVE_PATH nodespan_to_libraries /${NODESPAN_PYTHON_DESTINATION}/nodespan
     /${CMAKE_INSTALL_LIBDIR})
set_target_properties(${nodespan_python_modules} PROPERTIES INSTALL_RPATH $ORIGIN/${nodespan_to_libraries}
                      INSTALL_RPATH_USE_LINK_PATH TRUE)

# nodespan-watch: pip makes its own by pyproject.toml.
configure_file(python/nodespan-watch.in ${PROJECT_BINARY_DIR}/python/nodespan-watch @ONLY
               FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(PROGRAMS ${PROJECT_BINARY_DIR}/python/nodespan-watch DESTINATION ${CMAKE_INSTALL_BINDIR})
