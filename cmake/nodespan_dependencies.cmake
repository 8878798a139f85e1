# What the library itself is built on; apps and tests look for theirs where they are.
find_package(MPI 3.0 REQUIRED COMPONENTS CXX)
if(NODESPAN_WITH_BOOST_MPI)
  find_package(Boost 1.74 QUIET OPTIONAL_COMPONENTS mpi serialization)
else()
  find_package(Boost 1.74 QUIET) # headers only: programs need not have them
endif()
if(NOT Boost_FOUND)
  message(FATAL_ERROR "nodespan needs the headers of Boost 1.74 or later (Debian: libboost-dev). Set BOOST_ROOT.")
endif()
if(NODESPAN_WITH_BOOST_MPI AND NOT TARGET Boost::mpi)
  message(FATAL_ERROR "nodespan::boost_mpi needs Boost.MPI 1.74 or later (Debian: libboost-mpi-dev), made for the "
                      "MPI in use. Set BOOST_ROOT, or NODESPAN_WITH_BOOST_MPI=OFF: nothing else of nodespan needs it.")
endif()
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED) # headers only: programs need not have it
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
if(NODESPAN_WITH_HDF5)
  include(nodespan_find_hdf5)
endif()
