#pragma once

#include "nodespan/csv.hpp"

#include <string>

namespace nodespan::detail {

/// What reading and writing CSV files have in common: rows of an array as boxes, and options.

/// The patch of some rows, all of their columns.
box<dynamic_rank> rows_box(const index_list& extents, index_t first, index_t count);

/// The columns of an array of one or two dimensions.
index_t columns_of(const index_list& extents);

/// Refuses a character that cannot separate fields; 0 means any separator that is found.
/// Errors: errc::invalid_argument.
void require_separator(char separator);

/// The options that differ from the usual ones, as messages quote them.
std::string quote(const csv_options& options);

} // namespace nodespan::detail
