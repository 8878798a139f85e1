#pragma once

#include "collective_io.hpp"
#include "nodespan/dtype.hpp"
#include "nodespan/team.hpp"
#include "posix_file.hpp"

#include <functional>
#include <string>

namespace nodespan::detail {

/// A collective call on a file of bytes, which all ranks read, or write and then give its name.
class atomic_file : public collective_io {
public:
    /// `operation` is what was called, `what` what it works on, such as float64{3, 4}.
    /// Call:   collective.
    /// Errors: as collective_io.
    atomic_file(const char* operation, const std::string& what, std::string file,
                const nodespan::team& ranks);

    const std::string& file() const noexcept { return file_; }

    posix_file open_to_read() const { return collective_io::open_to_read(file_); }

    /// Makes a file_replacement, on rank 0 with `prepare`, has every rank `write` to it, and gives
    /// it its name. After a failure, of any rank, it is gone, and what had that name is as it was.
    void replace(const std::function<void(posix_file&)>& prepare,
                 const std::function<void(posix_file&)>& write) const;

private:
    std::string file_;
};

/// Such as float64{3, 4}.
std::string to_text(dtype type, const index_list& extents);

} // namespace nodespan::detail
