#pragma once

#include "place.hpp"

#include <nodespan/csv.hpp>
#include <nodespan/dtype.hpp>
#include <nodespan/team.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::convert {

/// One dataset of a file.
struct contents {
    std::string dataset;       ///< of HDF5
    std::optional<dtype> type; ///< nothing: one that no array has
    std::string type_name;
    std::vector<index_t> extents;
    std::vector<std::string> names; ///< of the columns of CSV
    std::string notes;              ///< for people, such as "column-major"
};

/// All that is in a file, or the one dataset that the place names. Call: one rank alone. Errors:
/// nodespan::error.
std::vector<contents> list_contents(const place& where, char separator, csv_header header);

/// Runs `body` on rank 0; what it throws is thrown on all ranks, as one collective error or
/// usage_error. Call: collective.
void on_first(team& everyone, const std::function<void()>& body);

std::string to_text(const place& where, const std::vector<contents>& found);
std::string to_json(const place& where, const std::vector<contents>& found);

/// Such as {3, 4}.
std::string braces(const std::vector<index_t>& values);

} // namespace nodespan::convert
