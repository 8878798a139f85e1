#pragma once

#include <nodespan/indices.hpp>
#include <nodespan/team.hpp>

#include <array>
#include <vector>

namespace nodespan::bench {

/// A square matrix of ScaLAPACK's, over a grid of all ranks, in square blocks.
/// Call: collective, all calls.
class scalapack_matrix {
public:
    scalapack_matrix(const team& team, index_t size, int grid_rows, int grid_columns,
                     index_t block);
    ~scalapack_matrix();
    scalapack_matrix(const scalapack_matrix&) = delete;
    scalapack_matrix& operator=(const scalapack_matrix&) = delete;

    void copy_to(scalapack_matrix& other) const;                           ///< pdgemr2d
    void be_product(const scalapack_matrix& a, const scalapack_matrix& b); ///< pdgemm

private:
    int context_ = 0;
    int size_ = 0;
    std::array<int, 9> descriptor_{};
    std::vector<double> elements_;
};

} // namespace nodespan::bench
