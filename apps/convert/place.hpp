#pragma once

#include <nodespan/raw.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace nodespan::convert {

/// What cannot be asked for: ends the program with `bad_usage`.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class format { npy, csv, raw, hdf5 };

/// A file, or a dataset in one, as the command line names it.
struct place {
    format kind = format::npy;
    std::string file;
    std::string dataset; ///< of HDF5; empty where none was named
};

/// What the name says: the ending tells the format, and a colon after .h5 begins the dataset.
/// Errors: usage_error.
place parse_place(const std::string& name);

/// A separator by its name (comma, semicolon, tab, blank) or as itself. Errors: usage_error.
char parse_separator(const std::string& name);

/// Its name, or itself.
std::string separator_name(char separator);

} // namespace nodespan::convert
