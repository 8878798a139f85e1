# What the library itself is built on; apps and tests look for theirs where they are.
find_package(MPI 3.0 REQUIRED COMPONENTS CXX)
find_package(Boost 1.74 REQUIRED COMPONENTS mpi serialization)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED) # headers only: programs need not have it
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
if(NODESPAN_WITH_HDF5)
  include(nodespan_find_hdf5)
endif()
