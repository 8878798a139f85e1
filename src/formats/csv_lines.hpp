#pragma once

#include "posix_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// What the first lines of a CSV file say.
struct csv_head {
    char separator = ',';
    std::vector<std::string> names;
    std::size_t columns = 0;
    std::uint64_t data_start = 0;   ///< where the line after the header begins
    std::uint64_t lines_before = 0; ///< before data_start
};

/// Reads the first lines. `separator` 0, and no `has_header`, mean that they are found out.
/// Errors: errc::io, malformed, also if the file does not show them.
csv_head read_csv_head(const posix_file& file, char separator, std::optional<bool> has_header);

} // namespace nodespan::detail
