#pragma once

#include <nodespan/indices.hpp>
#include <nodespan/team.hpp>

#include <array>
#include <vector>

namespace nodespan::bench {

/// All ranks in rows and columns, as ScaLAPACK numbers them.
class scalapack_grid {
public:
    scalapack_grid(const team& team, int rows, int columns); ///< Call: collective.
    ~scalapack_grid();
    scalapack_grid(const scalapack_grid&) = delete;
    scalapack_grid& operator=(const scalapack_grid&) = delete;

    int context() const noexcept { return context_; }

private:
    int context_ = 0;
};

/// A square matrix of ScaLAPACK's, in square blocks over a grid that lives longer.
class scalapack_matrix {
public:
    scalapack_matrix(const scalapack_grid& grid, index_t size, index_t block);

    void copy_to(scalapack_matrix& other) const; ///< pdgemr2d. Call: collective.
    void be_product(const scalapack_matrix& a, const scalapack_matrix& b); ///< pdgemm, as well.

private:
    int context_ = 0;
    int size_ = 0;
    std::array<int, 9> descriptor_{};
    std::vector<double> elements_;
};

} // namespace nodespan::bench
