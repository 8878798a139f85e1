#pragma once

#include "contents.hpp"
#include "statistics.hpp"

namespace nodespan::convert {

/// What a conversion did.
struct outcome {
    place from, to;
    contents what;
    std::optional<statistics> numbers;
    int ranks = 1;
    int nodes = 1;
    double read_seconds = 0;
    double write_seconds = 0;
};

std::string to_text(const outcome& result);
std::string to_json(const outcome& result);

} // namespace nodespan::convert
