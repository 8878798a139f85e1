#pragma once

#include "problem.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::heat {

/// The reference beside ours, in the same run.
struct comparison {
    double seconds_per_step = 0; // median
    bool equal = false;          // all elements, bit for bit
};

/// What a run found, for the table and the JSON.
struct outcome {
    problem what;
    index_t steps = 0;
    int ranks = 0, nodes = 0;
    std::uint64_t hash = 0;      // of all elements and their places
    double scheme_error = 0;     // largest difference from the scheme's exact solution
    double scheme_tolerance = 0; // what rounding explains
    double equation_error = 0;   // largest difference from the equation's solution
    double seconds_per_step = 0; // median
    std::optional<comparison> reference;

    bool is_good() const {
        return scheme_error <= scheme_tolerance && (!reference || reference->equal);
    }
};

std::string to_text(const outcome& result);
std::string to_json(const outcome& result);

/// A field, thinned out, for a picture.
struct picture {
    index_t rows = 0, columns = 0;
    std::vector<double> values; // row-major
};

/// Draws the field at the start and at the end as a PNG. Errors: std::runtime_error.
void plot(const std::string& file, const picture& start, const picture& end, double time);

} // namespace nodespan::heat
