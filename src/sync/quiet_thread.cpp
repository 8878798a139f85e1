#include "quiet_thread.hpp"

#include <csignal>
#include <cstddef>

namespace nodespan::detail {

int start_quiet_thread(pthread_t& thread, void* (*body)(void*), void* argument) noexcept {
    constexpr std::size_t stack = 256 * 1024;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    if (const int failure = pthread_attr_init(&attributes)) return failure;
    pthread_attr_setstacksize(&attributes, stack);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(&thread, &attributes, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return failure;
}

} // namespace nodespan::detail
