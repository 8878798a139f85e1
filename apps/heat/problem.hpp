#pragma once

#include <nodespan/box.hpp>

#include <cstdint>
#include <vector>

namespace nodespan::heat {

/// u_t = u_xx + u_yy on the unit square, on rows x columns points; explicit, five points.
///
/// Either u = 0 at the edge, which lies one step outside of the points, or the square closes on
/// itself. The start is a sum of two modes of both the equation and the scheme: each only decays,
/// at known rates. So a run can be checked against the equation, from which it differs by the
/// scheme's error, and against the scheme, from which it may differ by rounding alone.
struct problem {
    index_t rows = 512;
    index_t columns = 512;
    bool is_periodic = false;
    double dt = 0;

    /// The longest stable step of time.
    double largest_dt() const;

    /// dt / h^2 along rows and columns, the weights of the scheme.
    double weight_x() const;
    double weight_y() const;
};

/// Where mode `mode` (0 or 1) is at a point, between -1 and 1.
double shape(const problem& p, int mode, index_t i, index_t j);

/// The modes' amplitudes after so many steps: of the equation, and of the scheme.
std::vector<double> exact_amplitudes(const problem& p, index_t steps);
std::vector<double> scheme_amplitudes(const problem& p, index_t steps);

/// The value at a point, from amplitudes; those of step 0 are the start.
double value(const problem& p, const std::vector<double>& amplitudes, index_t i, index_t j);

} // namespace nodespan::heat
