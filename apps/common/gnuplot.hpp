#pragma once

#include <string>

namespace nodespan::app {

/// Has gnuplot draw a PNG: `script` is what follows the choice of terminal and file.
/// Errors: std::runtime_error where gnuplot is missing or fails.
void draw_png(const std::string& file, int width, int height, const std::string& script);

} // namespace nodespan::app
