#pragma once

#include "attach_folder.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace nodespan::detail {

/// A file of lines of equal length, of which one can be changed alone while others read: the first
/// one says whose file it is, the others are free or say something. Blanks fill the lines up.
class attach_file {
public:
    static constexpr std::size_t line_bytes = 1024;

    /// Makes a new file of that name, mode 0600. Where that fails, `problem()` says why, and the
    /// other calls do nothing.
    attach_file(private_folder folder, std::string name, const std::string& first_line);
    ~attach_file();
    attach_file(const attach_file&) = delete;            // one object writes a file
    attach_file& operator=(const attach_file&) = delete; // one object writes a file

    /// Writes a line, and returns its number; 0 if that fails.
    /// Call:   any thread.
    std::size_t write(const std::string& line);

    /// Frees a line.
    /// Call:   any thread.
    void erase(std::size_t line) noexcept;

    /// Takes the file away; later calls do nothing.
    void remove() noexcept;

    const std::string& problem() const noexcept { return problem_; }

private:
    bool put(std::size_t line, const std::string& text) noexcept;

    private_folder folder_;
    std::string name_, problem_;
    int file_ = -1;
    std::mutex in_use_;
    std::set<std::size_t> free_;
    std::size_t lines_ = 1;
};

} // namespace nodespan::detail
