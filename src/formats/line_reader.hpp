#pragma once

#include "posix_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodespan::detail {

/// The lines of a file that begin in a range of bytes, including blank ones. A line ends with LF,
/// CR LF or CR; a range may begin anywhere, also between CR and LF.
class line_reader {
public:
    /// Beyond this a line is refused: no file of numbers has such.
    static constexpr std::size_t longest_line = std::size_t{256} << 20;

    /// Lines begin at `start`. Reads those from `first` to before `last`, in blocks of so many
    /// bytes (2 or more).
    line_reader(const posix_file& file, std::uint64_t start, std::uint64_t first,
                std::uint64_t last, std::size_t block_bytes = std::size_t{4} << 20);

    /// The next line, without its end; valid until the next call.
    /// Errors: errc::io, malformed.
    std::optional<std::string_view> next();

    /// The position in the file up to which lines have been read.
    std::uint64_t position() const noexcept { return buffer_start_ + at_; }

private:
    void skip_to_line(std::uint64_t first);
    bool fill();

    const posix_file& file_;
    std::uint64_t last_;
    std::size_t block_bytes_;
    std::uint64_t buffer_start_; // in the file
    std::string buffer_;
    std::size_t at_ = 0;
    bool is_at_end_ = false;
};

} // namespace nodespan::detail
