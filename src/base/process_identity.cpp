#include "process_identity.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <sstream>
#include <unistd.h>

namespace nodespan::detail {
namespace {

// The begin of a file of the kernel's; empty where it cannot be read. (Streams throw where a
// process goes away meanwhile.)
std::string text_of(const std::string& file) {
    const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (in < 0) return {};
    std::array<char, 4096> text{};
    const ssize_t got = ::read(in, text.data(), text.size());
    ::close(in);
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string target_of(const char* link) {
    std::array<char, 64> name{};
    const ssize_t length = ::readlink(link, name.data(), name.size());
    return {name.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

// What the kernel says of a process; state 0 where it says nothing.
struct process_line {
    char state = 0;
    std::uint64_t started = 0;
};

process_line line_of(std::int64_t pid) {
    const std::string text = text_of(fmt::format("/proc/{}/stat", pid));
    const std::size_t name_end = text.rfind(')'); // the name before it may hold anything
    if (name_end == std::string::npos) return {};
    std::istringstream rest(text.substr(name_end + 1));
    process_line result;
    rest >> result.state;
    std::string passed;
    for (int field = 4; field < 22; ++field) rest >> passed; // see proc(5)
    if (!(rest >> result.started)) result.started = 0;
    return result;
}

} // namespace

process_identity process_identity::self() {
    process_identity me;
    const std::string boot = text_of("/proc/sys/kernel/random/boot_id");
    me.boot = boot.substr(0, boot.find('\n'));
    me.pid_space = target_of("/proc/self/ns/pid");
    me.pid = ::getpid();
    me.started = line_of(me.pid).started;
    return me;
}

bool process_identity::has_ended() const {
    const process_line now = line_of(pid);
    if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return true;
    if (now.state == 'Z' || now.state == 'X') return true; // nobody has asked how it ended
    return now.started != 0 && started != 0 && now.started != started;
}

} // namespace nodespan::detail
