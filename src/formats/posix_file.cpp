#include "posix_file.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace nodespan::detail {

void require_whole_name(const std::string& name) {
    if (name.find('\0') != std::string::npos)
        throw error(
            errc::invalid_argument,
            fmt::format("cannot open {}: its name goes on behind a zero byte", name.c_str()));
}

namespace {

// Linux moves less than 2 GiB in one call.
constexpr std::size_t most_bytes_a_call = std::size_t{1} << 30;

int open_file(const std::string& name, int flags, unsigned mode = 0) {
    require_whole_name(name);
    const int descriptor = open(name.c_str(), flags | O_CLOEXEC, mode);
    if (descriptor < 0)
        throw error(errc::io, fmt::format("cannot open {}: {}", name, std::strerror(errno)));
    return descriptor;
}

} // namespace

posix_file::posix_file(int descriptor, std::string name)
    : descriptor_(descriptor),
      name_(std::move(name)) {}

posix_file posix_file::open_to_read(const std::string& name) {
    posix_file file(open_file(name, O_RDONLY), name);
    struct stat status {};
    if (fstat(file.descriptor_, &status) != 0) file.refuse("cannot look at");
    if (!S_ISREG(status.st_mode)) throw error(errc::io, fmt::format("{} is no file", name));
    return file;
}

posix_file posix_file::open_to_write(const std::string& name) {
    return {open_file(name, O_RDWR), name};
}

posix_file posix_file::create_new(const std::string& name, unsigned mode) {
    return {open_file(name, O_RDWR | O_CREAT | O_EXCL, mode), name};
}

posix_file::posix_file(posix_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)) {}

posix_file& posix_file::operator=(posix_file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(name_, other.name_);
    return *this;
}

posix_file::~posix_file() {
    if (descriptor_ >= 0) close(descriptor_);
}

void posix_file::refuse(const char* what) const {
    throw error(errc::io, fmt::format("{} {}: {}", what, name_, std::strerror(errno)));
}

std::uint64_t posix_file::size() const {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) refuse("cannot look at");
    return static_cast<std::uint64_t>(status.st_size);
}

std::size_t posix_file::read_some(std::uint64_t offset, void* to, std::size_t bytes) const {
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t now =
            pread(descriptor_, static_cast<char*>(to) + done,
                  std::min(bytes - done, most_bytes_a_call), static_cast<off_t>(offset + done));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) refuse("cannot read");
        if (now == 0) break;
        done += static_cast<std::size_t>(now);
    }
    return done;
}

void posix_file::read(std::uint64_t offset, void* to, std::size_t bytes) const {
    if (read_some(offset, to, bytes) < bytes)
        throw error(errc::io,
                    fmt::format("{} ends before byte {}: it is truncated", name_, offset + bytes));
}

void posix_file::write(std::uint64_t offset, const void* from, std::size_t bytes) const {
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t now =
            pwrite(descriptor_, static_cast<const char*>(from) + done,
                   std::min(bytes - done, most_bytes_a_call), static_cast<off_t>(offset + done));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) refuse("cannot write");
        done += static_cast<std::size_t>(now);
    }
}

void posix_file::reserve(std::uint64_t bytes) const {
    const auto size = static_cast<off_t>(bytes);
    if (ftruncate(descriptor_, size) != 0) refuse("cannot enlarge");
    if (size == 0 || fallocate(descriptor_, 0, 0, size) == 0) return;
    if (errno == EOPNOTSUPP || errno == ENOSYS) return; // not every file system supports it
    refuse(fmt::format("cannot reserve {} bytes for", bytes).c_str());
}

void posix_file::finish() {
    if (descriptor_ < 0) return;
    const int descriptor = std::exchange(descriptor_, -1);
    // What cannot be synced, such as /dev/full, says EINVAL; read-only file systems EROFS.
    const bool is_synced = fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
    const int cause = errno;
    const bool is_closed = close(descriptor) == 0;
    if (!is_synced) errno = cause;
    if (!is_synced || !is_closed) refuse("cannot write");
}

} // namespace nodespan::detail
