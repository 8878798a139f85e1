#include "file_share.hpp"
#include "io_call.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace nodespan::detail {

file_descriptor::file_descriptor(const std::string& file, int flags)
    : descriptor_(::open(file.c_str(), flags | O_CLOEXEC, 0666)),
      file_(file) {
    if (descriptor_ < 0) refuse_by_system(fmt::format("cannot open {}", file));
}

file_descriptor::file_descriptor(file_descriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      file_(std::move(other.file_)) {}

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(file_, other.file_);
    return *this;
}

file_descriptor::~file_descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void file_descriptor::sync_and_close() {
    if (descriptor_ < 0) return;
    const int descriptor = std::exchange(descriptor_, -1);
    const int synced = ::fsync(descriptor);
    const int cause = errno;
    if (::close(descriptor) != 0) refuse_by_system(fmt::format("cannot finish {}", file_));
    errno = cause;
    if (synced != 0 && cause != EINVAL) // what cannot be synced, such as /dev/full, says EINVAL
        refuse_by_system(fmt::format("cannot finish {}", file_));
}

} // namespace nodespan::detail
