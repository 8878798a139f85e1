#include "network_watch.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using nodespan::detail::network_watch;

constexpr long moment_ns = 1'000'000;

// A socket that listens at an address of this host, and one that is connected to it.
struct connection {
    connection() {
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address);
        listen(listening, 1);
        socklen_t bytes = sizeof address;
        getsockname(listening, reinterpret_cast<sockaddr*>(&address), &bytes);
    }
    ~connection() {
        close(listening);
        close(calling);
    }
    // From another address of the loopback network, as if from another host.
    void call(const char* from) {
        sockaddr_in mine{};
        mine.sin_family = AF_INET;
        inet_pton(AF_INET, from, &mine.sin_addr);
        ASSERT_EQ(bind(calling, reinterpret_cast<sockaddr*>(&mine), sizeof mine), 0);
        ASSERT_EQ(connect(calling, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    void answer(const char* text) {
        const int called = accept(listening, nullptr, nullptr);
        ASSERT_EQ(write(called, text, 1), 1);
        close(called);
    }

    sockaddr_in address{};
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int calling = socket(AF_INET, SOCK_STREAM, 0);
};

TEST(NetworkWatch, WakesForACallerAndForWhatHasCome) {
    connection there;
    network_watch network;

    network.look_for_sockets();
    EXPECT_FALSE(network.is_connected());
    EXPECT_FALSE(network.wait(moment_ns));

    there.call("127.0.0.2");
    EXPECT_TRUE(network.wait(moment_ns)); // one wants to be accepted

    there.answer("x");
    network.look_for_sockets();
    EXPECT_TRUE(network.is_connected());
    EXPECT_TRUE(network.wait(moment_ns)); // and has a byte to read, which stays
    char byte = 0;
    EXPECT_EQ(read(there.calling, &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
}

TEST(NetworkWatch, LooksAtNoConnectionInsideOfTheHost) {
    connection there;
    network_watch network;

    there.call("127.0.0.1");
    there.answer("x");
    network.look_for_sockets();

    EXPECT_FALSE(network.is_connected());
    EXPECT_FALSE(network.wait(moment_ns));
}

} // namespace
