# Parallel HDF5 as the target nodespan_hdf5_headers_and_library; the serial one will not do.
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "nodespan needs HDF5 built with MPI (Debian: libhdf5-openmpi-dev); "
                      "found a serial one. Set HDF5_ROOT, or NODESPAN_WITH_HDF5=OFF.")
endif()
