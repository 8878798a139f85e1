# Two copies of the library in one process, which see nothing of each other: each is a part of its
# own shared object. A leader that waits in one of them serves a team of the other.
foreach(copy a b)
  add_library(copy_${copy} SHARED one_copy.cpp)
  target_compile_definitions(copy_${copy} PRIVATE COPY=copy_${copy})
  target_link_libraries(copy_${copy} PRIVATE nodespan::nodespan nodespan_warnings)
  target_link_options(copy_${copy} PRIVATE LINKER:--exclude-libs,ALL)
  set_target_properties(copy_${copy} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endforeach()
nodespan_test_program(two_copies two_copies.cpp LIBRARIES MPI::MPI_CXX copy_a copy_b)
nodespan_mpirun(mpi.two_copies NP 4 SIMULATED 2 COMMAND $<TARGET_FILE:two_copies>)
set_property(TEST mpi.two_copies APPEND PROPERTY ENVIRONMENT ${nodespan_host_setting}) # MPI is not ours to start
