#pragma once

#include <string>

namespace nodespan::detail {

/// This machine's name.
std::string host_name();

} // namespace nodespan::detail
