#pragma once

#include <string>

namespace nodespan::detail {

/// A folder that belongs to this user and that nobody else may look into, as a descriptor; or why
/// there is none.
struct private_folder {
    int descriptor = -1;
    std::string path;
    std::string problem; // empty if all is well
};

/// Where NODESPAN_ATTACH_DIR says; else $XDG_RUNTIME_DIR/nodespan; else /tmp/nodespan-USER, by the
/// user's number.
std::string attach_folder_path();

/// Opens the folder, and makes it where it is not there, with mode 0700. A folder of another user,
/// one that others may enter, and a symbolic link are refused.
private_folder open_private_folder(const std::string& path);

} // namespace nodespan::detail
