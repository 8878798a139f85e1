#pragma once

#include "nodespan/detail/export.hpp"

#if !__has_include(<mpi.h>)
#error nodespan needs mpi.h: compile with mpicxx, or link nodespan::nodespan after find_package(nodespan) in CMake
#include <nodespan/see_the_error_above>
#endif

// The C++ bindings, which MPI 3.0 took out: not ours, and slow to compile.
#if !defined(OMPI_SKIP_MPICXX)
#define OMPI_SKIP_MPICXX 1
#endif
#if !defined(MPICH_SKIP_MPICXX)
#define MPICH_SKIP_MPICXX 1
#endif

#include <mpi.h>
