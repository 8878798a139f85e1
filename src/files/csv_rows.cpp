#include "csv_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace nodespan::detail {

box<dynamic_rank> rows_box(const index_list& extents, index_t first, index_t count) {
    box<dynamic_rank> rows{index_list(static_cast<int>(extents.size()), 0), extents};
    rows.lo[0] = first;
    rows.hi[0] = first + count;
    return rows;
}

index_t columns_of(const index_list& extents) {
    return extents.size() == 2 ? extents[1] : 1;
}

void require_separator(char separator) {
    if (separator != 0 && std::string_view(",; \t|:").find(separator) == std::string_view::npos)
        throw error(errc::invalid_argument,
                    fmt::format("no CSV separator: character {:#x}; known are a comma, semicolon, "
                                "blank, tab, | and colon",
                                static_cast<unsigned char>(separator)));
}

std::string quote(const csv_options& options) {
    return fmt::format(
        "{}{}{}",
        options.separator == 0 ? std::string() : fmt::format(", separator '{}'", options.separator),
        options.header == csv_header::present  ? ", with header"
        : options.header == csv_header::absent ? ", without header"
                                               : "",
        options.names.empty() ? std::string() : fmt::format(", names {}", options.names));
}

} // namespace nodespan::detail
