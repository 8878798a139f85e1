#include "attach_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace nodespan::detail {

attach_file::attach_file(private_folder folder, std::string name, const std::string& first_line)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      problem_(folder_.problem) {
    if (folder_.descriptor < 0) return;
    file_ = openat(folder_.descriptor, name_.c_str(),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file_ >= 0 && put(0, first_line)) return;
    problem_ = std::error_code(errno, std::generic_category()).message();
    remove();
}

attach_file::~attach_file() {
    remove();
    if (folder_.descriptor >= 0) close(folder_.descriptor);
}

// One system call: who reads meanwhile sees the old line, the new one, or the begin of one and the
// end of the other, which the line's text has to tell.
bool attach_file::put(std::size_t line, const std::string& text) noexcept {
    char padded[line_bytes];
    if (text.size() >= line_bytes) {
        errno = EMSGSIZE;
        return false;
    }
    text.copy(padded, text.size());
    std::fill(padded + text.size(), padded + line_bytes - 1, ' ');
    padded[line_bytes - 1] = '\n';
    const auto at = static_cast<off_t>(line * line_bytes);
    return pwrite(file_, padded, line_bytes, at) == static_cast<ssize_t>(line_bytes);
}

std::size_t attach_file::write(const std::string& line) {
    const std::scoped_lock one_at_a_time(in_use_);
    if (file_ < 0) return 0;
    const std::size_t number = free_.empty() ? lines_ : *free_.begin();
    if (!put(number, line)) return 0;
    if (number == lines_)
        ++lines_;
    else
        free_.erase(number);
    return number;
}

void attach_file::erase(std::size_t line) noexcept try {
    const std::scoped_lock one_at_a_time(in_use_);
    if (file_ < 0 || line == 0 || !put(line, "")) return;
    free_.insert(line);
} catch (...) {
    // No memory to remember it: the line stays blank.
}

void attach_file::remove() noexcept {
    const std::scoped_lock one_at_a_time(in_use_);
    if (file_ < 0) return;
    unlinkat(folder_.descriptor, name_.c_str(), 0);
    close(std::exchange(file_, -1));
}

} // namespace nodespan::detail
