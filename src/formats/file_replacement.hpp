#pragma once

#include "nodespan/detail/export.hpp"
#include "posix_file.hpp"

#include <string>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// A file that is written anew: under another name, and beside the place where its own name leads,
/// until it is complete. Symbolic links are followed, and stay. All ranks know where it lies; one
/// makes it and gives it its name. Every call says in its error which file it was and why, with
/// errc::io.
class file_replacement {
public:
    file_replacement() = default;

    /// Follows the links of `name`, also to what is not there yet.
    explicit file_replacement(const std::string& name);

    const std::string& target() const noexcept { return target_; }
    std::string part() const { return target_ + ".part"; } ///< the name meanwhile

    /// Makes it, empty, in place of what an earlier run has left. Whom the old file shuts out the
    /// new one does from the start. It is locked (flock) while it is open here.
    /// Errors: also for a target that is no regular file, or that this process may not write, and
    ///         where another has the lock.
    posix_file create() const;

    /// Gives the finished file its name, in place of what had it, and that one's mode, owner and
    /// group as far as this process may. On the disk when it returns, where the folder can be
    /// opened.
    void give_name() const;

    /// Takes it away, unless it has its name.
    void drop() const noexcept;

private:
    std::string name_, target_;
};

} // namespace detail
} // namespace nodespan
