#pragma once

#include <stdexcept>

namespace nodespan::detail {

/// Says what is wrong with the contents of a file. Thrown by code that knows neither files nor
/// ranks.
struct malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace nodespan::detail
