#pragma once

#include "nodespan/detail/array_core.hpp"

#include <array>

namespace NODESPAN_EXPORT nodespan {

/// A block-cyclic matrix where it lies, as ScaLAPACK's routines take it. Made by
/// array<T, 2, column_major>::scalapack.
///
/// A context that fits numbers the team's ranks by columns of the grid:
/// `context = Csys2blacs_handle(team.comm()); Cblacs_gridinit(&context, "C", grid_rows,
/// grid_columns);`
template <class T>
struct scalapack_matrix {
    /// Kind (1, dense), context, rows, columns, rows and columns of a block, row and column of the
    /// process that has the first block (0, 0), leading dimension.
    std::array<int, 9> descriptor{};

    T* data = nullptr; ///< This rank's blocks, packed and column-major: the array's own memory.
    int grid_rows = 0;
    int grid_columns = 0;
};

namespace detail {

/// The same without the memory. `of` is the array with its indices in reverse order.
scalapack_matrix<void> describe_for_scalapack(const array_core& of, int context);

} // namespace detail
} // namespace nodespan
