#pragma once

#include "stencil.hpp"

#include <mpi.h>
#include <nodespan/array.hpp>

#include <array>
#include <vector>

namespace nodespan::heat {

/// The same computation as one would write it with MPI alone: every rank has a box of its own, in
/// its own memory, sends its edges to its neighbours in each step, and steps its inner points while
/// they are under way.
class reference_solver {
public:
    /// With the boxes of `like`, and its team's communicator. Call: collective, as step().
    reference_solver(array<double, 2>& like, const problem& p);

    void step();

    /// This rank's elements, row i.
    const double* row(index_t i) const { return &fields_[now_][at(i, 0)]; }

private:
    // A line of elements that goes to a neighbour or comes from it.
    struct edge {
        int rank = 0;
        int tag = 0;
        index_t row = 0, column = 0, rows = 0, columns = 0; // rows or columns is 1
        std::vector<double> values;
    };

    std::size_t at(index_t i, index_t j) const {
        return static_cast<std::size_t>((i + 1) * (columns_ + 2) + j + 1);
    }
    void add_edges(const box<2>& mine, const box<2>& other, int rank, int image);
    void start_exchange();
    void finish_exchange();
    double* memory_of(edge& e); // the field where that is dense, else a buffer

    problem problem_;
    MPI_Comm comm_;
    index_t rows_, columns_;
    std::array<std::vector<double>, 2> fields_; // with a line of ghosts around
    std::size_t now_ = 0;
    std::vector<edge> sends_, receives_;
    std::vector<MPI_Request> requests_;
    box<2> inner_; // what of my box needs no neighbours
};

} // namespace nodespan::heat
