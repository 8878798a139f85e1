#pragma once

#include "timing.hpp"

#include <string>
#include <vector>

namespace nodespan::bench {

/// For people: a line for each measurement, which ends with its ratio.
std::string to_table(const std::vector<measurement>& results);

/// For programs.
std::string to_json(const team& team, const std::vector<measurement>& results);

/// A picture: a bar for each ratio, from 1 to the right where nodespan is faster.
/// Errors: std::runtime_error where gnuplot is missing or fails.
void draw_ratios(const std::string& file, const team& team,
                 const std::vector<measurement>& results);

} // namespace nodespan::bench
