#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace nodespan::detail {

/// Where a name of a file leads: by names of groups in that file, without links in between.
struct hdf5_path {
    std::string name;      ///< Without slashes before, behind, or doubled; empty for the root.
    bool is_there = false; ///< Whether there is something.
};

/// Follows a name of an open file through soft links.
/// Errors: errc::io: a link that leads into another file, or that only a program's own code could
///         follow; links in a circle; something on the way that is no group.
hdf5_path follow(hid_t file, const std::string& name);

/// Which object of its file this is.
/// Errors: errc::io.
haddr_t place_of(hid_t object);

/// All names that hard links give to an open object of the file, `known` first; one of them.
/// Errors: errc::io.
std::vector<std::string> names_of(hid_t file, hid_t object, const std::string& known);

} // namespace nodespan::detail
