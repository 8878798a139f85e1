#pragma once

#include "contents.hpp"
#include "results.hpp"

namespace nodespan::convert {

/// What was asked for.
struct job {
    place from, to;
    std::optional<dtype> type;  ///< of raw and CSV files read
    std::vector<index_t> shape; ///< of raw files read
    char separator = 0;         ///< of the CSV file read, else of the one written
    csv_header header = csv_header::detect;
    std::vector<std::string> names; ///< of columns written
    index_t offset = 0;             ///< of the raw file read, else of the one written; as the next
    bool is_big_endian = false;
    bool is_column_major = false;
    bool is_forced = false;
    app::output_options output; ///< quiet: neither statistics nor progress
};

/// Errors: usage_error, for options that do not belong together. Call: any rank.
void require_usage(const job& asked);

/// What there is to read, as far as the beginning of the file tells: of CSV the type alone.
/// Call: collective; rank 0 looks. Errors: usage_error and nodespan::error, on all ranks: also
/// where it cannot become what was asked for.
contents agree_on_contents(team& everyone, const job& asked);

} // namespace nodespan::convert
