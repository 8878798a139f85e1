// What needs a component that this program does not use names it.

#include "misuse.hpp"

#include <nodespan/nodespan.hpp>

using namespace nodespan;

// One case a line.
// clang-format off

void needs_hdf5(team& everyone, array<double, 2>& a, array<double, 2, column_major>& by_columns) {
    RIGHT(save_npy(a, "a.npy"));
    WRONG(save_hdf5(a, "a.h5", "a")); // refused: save_hdf5 needs the component hdf5
    WRONG(save_hdf5(by_columns, "a.h5", "a")); // refused: save_hdf5 needs the component hdf5
    RIGHT(load_npy(a, "a.npy"));
    WRONG(load_hdf5(a, "a.h5", "a")); // refused: load_hdf5 needs the component hdf5
    RIGHT(a = open_npy<double, 2>(everyone, "a.npy"));
    WRONG(a = open_hdf5<double, 2>(everyone, "a.h5", "a")); // refused: open_hdf5 needs the component hdf5
    static_cast<void>(everyone), static_cast<void>(by_columns);
}
