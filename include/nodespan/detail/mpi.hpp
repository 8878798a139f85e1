#pragma once

#include "nodespan/detail/export.hpp"

#if !__has_include(<mpi.h>)
#error nodespan needs mpi.h: compile with mpicxx, or link nodespan::nodespan after find_package(nodespan) in CMake
#include <nodespan/see_the_error_above>
#elif !__has_include(<boost/mpi/communicator.hpp>)
#error nodespan needs Boost.MPI: boost/mpi/communicator.hpp is not found (Debian: libboost-mpi-dev)
#include <nodespan/see_the_error_above>
#endif

#include <mpi.h>
