#pragma once

#include "collective_io.hpp"
#include "nodespan/dtype.hpp"
#include "nodespan/team.hpp"
#include "posix_file.hpp"

#include <functional>
#include <string>

namespace nodespan::detail {

/// A collective call on one file, which all ranks read, or which all ranks write before it gets its
/// name.
class atomic_file : public collective_io {
public:
    /// `operation` is the name of the call, `what` its object, such as float64{3, 4}.
    /// Call:   collective.
    /// Errors: as collective_io.
    atomic_file(const char* operation, const std::string& what, std::string file,
                const nodespan::team& ranks);

    const std::string& file() const noexcept { return file_; }

    posix_file open_to_read() const { return collective_io::open_to_read(file_); }

    /// Makes a file_replacement; rank 0 calls `prepare`, every rank calls `write`, and then the
    /// file gets its name. If any rank fails, the new file is removed, and the old one is
    /// unchanged.
    void replace(const std::function<void(posix_file&)>& prepare,
                 const std::function<void(posix_file&)>& write) const;

private:
    std::string file_;
};

/// Such as float64{3, 4}.
std::string to_text(dtype type, const index_list& extents);

} // namespace nodespan::detail
