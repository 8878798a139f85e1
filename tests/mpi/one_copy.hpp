#pragma once

#include <mpi.h>

#include <memory>

/// What a shared object shows of its own copy of the library: an array over a communicator. See
/// two_copies.cmake.
struct one_copy {
    virtual ~one_copy() = default;
    virtual void fence() = 0;
    virtual double get(long index) = 0;
};

/// Collective over `comm`.
__attribute__((visibility("default"))) std::unique_ptr<one_copy> copy_a(MPI_Comm comm);
__attribute__((visibility("default"))) std::unique_ptr<one_copy> copy_b(MPI_Comm comm);
