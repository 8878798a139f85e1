#include "network_watch.hpp"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <system_error>

namespace nodespan::detail {
namespace {

int option_of(int socket, int option) noexcept {
    int value = 0;
    socklen_t bytes = sizeof value;
    return getsockopt(socket, SOL_SOCKET, option, &value, &bytes) == 0 ? value : 0;
}

// Whether both ends of a connection have different addresses: else it is one inside of this host.
bool has_far_peer(int socket) noexcept {
    sockaddr_storage mine{}, theirs{};
    socklen_t mine_bytes = sizeof mine, their_bytes = sizeof theirs;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&mine), &mine_bytes) != 0 ||
        getpeername(socket, reinterpret_cast<sockaddr*>(&theirs), &their_bytes) != 0)
        return false;
    if (mine.ss_family == AF_INET)
        return reinterpret_cast<const sockaddr_in&>(mine).sin_addr.s_addr !=
               reinterpret_cast<const sockaddr_in&>(theirs).sin_addr.s_addr;
    return std::memcmp(&reinterpret_cast<const sockaddr_in6&>(mine).sin6_addr,
                       &reinterpret_cast<const sockaddr_in6&>(theirs).sin6_addr,
                       sizeof(in6_addr)) != 0;
}

} // namespace

void network_watch::look_for_sockets() {
    sockets_.clear();
    is_connected_ = false;
    std::error_code refused; // then nothing is found
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", refused)) {
        const int file = std::atoi(entry.path().filename().c_str());
        const int family = option_of(file, SO_DOMAIN);
        if (family != AF_INET && family != AF_INET6) continue;
        const bool is_far = has_far_peer(file);
        if (!is_far && option_of(file, SO_ACCEPTCONN) == 0) continue;
        is_connected_ |= is_far;
        sockets_.push_back({file, POLLIN, 0});
    }
}

bool network_watch::wait(long timeout_ns) noexcept {
    const timespec timeout{0, timeout_ns};
    return ppoll(sockets_.data(), sockets_.size(), &timeout, nullptr) > 0;
}

} // namespace nodespan::detail
