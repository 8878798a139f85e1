#pragma once

#include "nodespan/detail/export.hpp"
#include "posix_file.hpp"

#include <string>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// A file that is replaced: the new one is written under another name, beside the file to which its
/// name leads, until it is complete. Symbolic links are followed, and stay. All ranks know the
/// place; one rank makes the file and gives it its name. Errors name the file and the cause, with
/// errc::io. file_replacement.cpp explains the order.
class file_replacement {
public:
    file_replacement() = default;

    /// Follows the links of `name`, also to a file that does not exist yet.
    explicit file_replacement(const std::string& name);

    const std::string& target() const noexcept { return target_; }
    std::string part() const { return target_ + ".part"; } ///< the name meanwhile

    /// Makes an empty file, in place of the one that an earlier run has left. From the start it is
    /// closed to users to whom the old file is closed. It is locked (flock) while it is open here.
    /// Errors: also if the target is no regular file, if this process may not write it, or if
    ///         another writer has the lock.
    posix_file create() const;

    /// Gives the finished file its name, replacing the old file, and the old file's mode, owner and
    /// group as far as this process may. It is on the disk when this returns, if the folder can be
    /// opened.
    void give_name() const;

    /// Removes the new file, unless it has its name already.
    void drop() const noexcept;

private:
    std::string name_, target_;
};

} // namespace detail
} // namespace nodespan
