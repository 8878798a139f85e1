#include "standard_output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace nodespan::app {
namespace {

int first_cause = 0; // of a write that failed

void remember(bool is_good) {
    if (!is_good && first_cause == 0) first_cause = errno != 0 ? errno : EIO;
}

} // namespace

void print(std::string_view text) {
    errno = 0;
    remember(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void fill_closed_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) // open() takes the lowest number
            static_cast<void>(open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

bool is_output_written(std::string_view program) {
    errno = 0;
    remember(std::fflush(stdout) == 0);
    remember(std::ferror(stdout) == 0);
    // Some file systems tell of a full disk only when a file is closed; stdout itself stays open
    // for others.
    const int copy = dup(STDOUT_FILENO);
    if (copy >= 0) remember(close(copy) == 0);
    if (first_cause == 0) return true;
    const std::string message = fmt::format("{}: cannot write to standard output: {}\n", program,
                                            std::strerror(first_cause));
    std::fputs(message.c_str(), stderr);
    return false;
}

void write_file(const std::string& file, std::string_view bytes) {
    std::FILE* const out = std::fopen(file.c_str(), "wbe");
    const bool is_open = out != nullptr;
    bool is_written = is_open && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
    is_written = is_written && std::fflush(out) == 0;
    int cause = errno;
    if (is_open && std::fclose(out) != 0 && is_written) {
        is_written = false;
        cause = errno;
    }
    if (!is_written)
        throw std::runtime_error(fmt::format("cannot write {}: {}", file, std::strerror(cause)));
}

} // namespace nodespan::app
