#pragma once

#include <poll.h>

#include <vector>

namespace nodespan::detail {

/// The sockets over which this process hears of other hosts: those whose peer is another host, and
/// those that accept connections. They are found among its open files, whoever has opened them, and
/// are only looked at: who reads them does not notice.
class network_watch {
public:
    /// Looks for them anew; call it now and then, since connections come and go.
    /// Cost:   some microseconds for each open file.
    void look_for_sockets();

    /// Whether there is a connection to another host.
    bool is_connected() const noexcept { return is_connected_; }

    /// Sleeps until one of the sockets has something to read, at most so long. Returns whether one
    /// has, or is gone.
    bool wait(long timeout_ns) noexcept;

private:
    std::vector<pollfd> sockets_;
    bool is_connected_ = false;
};

} // namespace nodespan::detail
