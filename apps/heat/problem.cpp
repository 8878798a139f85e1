#include "problem.hpp"

#include <cmath>
#include <numbers>

namespace nodespan::heat {
namespace {

constexpr double pi = std::numbers::pi;

// Half waves of the modes along both directions; whole waves where the square is periodic.
constexpr int waves[2][2] = {{1, 1}, {3, 2}};
constexpr double start[2] = {1.0, 0.5};

double spacing(index_t points, bool is_periodic) {
    return 1.0 / static_cast<double>(is_periodic ? points : points + 1);
}

double wave_number(const problem& p, int mode, int direction) {
    return (p.is_periodic ? 2 : 1) * pi * waves[mode][direction];
}

// The position of a point along one direction.
double position(const problem& p, index_t at, index_t points) {
    return static_cast<double>(p.is_periodic ? at : at + 1) * spacing(points, p.is_periodic);
}

double square(double x) {
    return x * x;
}

} // namespace

double problem::largest_dt() const {
    return 0.5 /
           (1 / square(spacing(rows, is_periodic)) + 1 / square(spacing(columns, is_periodic)));
}

double problem::weight_x() const {
    return dt / square(spacing(rows, is_periodic));
}

double problem::weight_y() const {
    return dt / square(spacing(columns, is_periodic));
}

double shape(const problem& p, int mode, index_t i, index_t j) {
    return std::sin(wave_number(p, mode, 0) * position(p, i, p.rows)) *
           std::sin(wave_number(p, mode, 1) * position(p, j, p.columns));
}

std::vector<double> exact_amplitudes(const problem& p, index_t steps) {
    std::vector<double> result;
    for (int mode = 0; mode < 2; ++mode) {
        const double rate = square(wave_number(p, mode, 0)) + square(wave_number(p, mode, 1));
        result.push_back(start[mode] * std::exp(-rate * p.dt * static_cast<double>(steps)));
    }
    return result;
}

std::vector<double> scheme_amplitudes(const problem& p, index_t steps) {
    std::vector<double> result;
    for (int mode = 0; mode < 2; ++mode) {
        const double x = std::sin(wave_number(p, mode, 0) * spacing(p.rows, p.is_periodic) / 2);
        const double y = std::sin(wave_number(p, mode, 1) * spacing(p.columns, p.is_periodic) / 2);
        const double factor = 1 - 4 * p.weight_x() * x * x - 4 * p.weight_y() * y * y;
        result.push_back(start[mode] * std::pow(factor, static_cast<double>(steps)));
    }
    return result;
}

double value(const problem& p, const std::vector<double>& amplitudes, index_t i, index_t j) {
    return amplitudes[0] * shape(p, 0, i, j) + amplitudes[1] * shape(p, 1, i, j);
}

} // namespace nodespan::heat
