#pragma once

#include "nodespan/detail/export.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// An open file that is read and written at given offsets, as in POSIX. If it is closed, or moved
/// from, it owns nothing. Errors name the file and the cause, with errc::io.
class posix_file {
public:
    posix_file() = default;
    static posix_file open_to_read(const std::string& name);
    static posix_file
    open_to_write(const std::string& name); ///< one that is there; to read as well
    static posix_file create_new(const std::string& name, unsigned mode); ///< where nothing is yet
    posix_file(posix_file&& other) noexcept;
    posix_file& operator=(posix_file&& other) noexcept;
    posix_file(const posix_file&) = delete;
    posix_file& operator=(const posix_file&) = delete;
    ~posix_file();

    bool is_open() const noexcept { return descriptor_ >= 0; }
    int descriptor() const noexcept { return descriptor_; }
    const std::string& name() const noexcept { return name_; }
    std::uint64_t size() const;

    /// Reads up to `bytes` bytes at `offset`; fewer only at the end of the file. Returns how many.
    std::size_t read_some(std::uint64_t offset, void* to, std::size_t bytes) const;

    /// Reads `bytes` bytes; a file that ends before them is an error.
    void read(std::uint64_t offset, void* to, std::size_t bytes) const;

    void write(std::uint64_t offset, const void* from, std::size_t bytes) const;

    /// Gives the file this size and reserves its disk space, so that a full disk is found now.
    void reserve(std::uint64_t bytes) const;

    /// Waits for the disk, and closes the file; reports errors that the system has not reported
    /// before. Does nothing if the file is closed already.
    void finish();

private:
    posix_file(int descriptor, std::string name);
    [[noreturn]] void refuse(const char* what) const;

    int descriptor_ = -1;
    std::string name_;
};

/// Refuses a name with a zero byte. The system would stop reading there, and would open or remove
/// another file.
/// Errors: errc::invalid_argument.
void require_whole_name(const std::string& name);

} // namespace detail
} // namespace nodespan
