#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace nodespan::detail {

/// The address to which a name leads: names of groups in the same file, without links in between.
struct hdf5_path {
    std::string name;      ///< Without slashes before, behind, or doubled; empty for the root.
    bool is_there = false; ///< Whether there is something.
};

/// Follows a name of an open file through soft links.
/// Errors: errc::io: a link that leads into another file, or that only code of another program
///         could follow; links in a circle; an object on the way that is no group.
hdf5_path follow(hid_t file, const std::string& name);

/// The address of an object in its file, which identifies it.
/// Errors: errc::io.
haddr_t address_of(hid_t object);

/// All names that hard links give to an open object of the file; `known`, which is one of them,
/// comes first.
/// Errors: errc::io.
std::vector<std::string> names_of(hid_t file, hid_t object, const std::string& known);

} // namespace nodespan::detail
