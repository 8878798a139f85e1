# A .deb and a tarball of what is installed: `cpack -G DEB` and `cpack -G TGZ` in the build folder. One
# package has library, headers and programs: who has one on a cluster wants the others.
set(CPACK_PACKAGE_NAME nodespan)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "The ranks of a node share each array's node-local part as plain memory; only what crosses a node\n is a message. A C++20 library with its headers, and programs that use it.")
set(CPACK_PACKAGE_CONTACT "nodespan maintainers <maintainers@nodespan.invalid>")
set(CPACK_PACKAGE_VENDOR nodespan)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ)
set(CPACK_STRIP_FILES ON)

# What programs load is found by dpkg-shlibdeps, with the shared library among what is packed.
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
# What is compiled and linked with the library.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "libopenmpi-dev, libfmt-dev, libhwloc-dev, pkg-config")
if(NODESPAN_WITH_HDF5)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libhdf5-openmpi-dev")
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "openmpi-bin")
if(NODESPAN_HAS_PYTHON)
  string(APPEND CPACK_DEBIAN_PACKAGE_RECOMMENDS ", python3-numpy, python3-mpi4py")
endif()
if(NODESPAN_WITH_BOOST_MPI) # for a header that only programs with Boost.MPI include
  string(APPEND CPACK_DEBIAN_PACKAGE_RECOMMENDS ", libboost-mpi-dev (>= 1.74)")
endif()
include(CPack)
