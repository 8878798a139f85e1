#include "stop_request.hpp"

#include <nodespan/collectives.hpp>

#include <atomic>
#include <csignal>

namespace nodespan::app {
namespace {

// A signal has nowhere else to leave its mark, and may come on any thread.
std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers must not wait for a lock");

void remember(int) {
    requested = true;
}

} // namespace

void catch_stop_requests() {
    struct sigaction action = {};
    action.sa_handler = remember;
    action.sa_flags = SA_RESTART; // reading and writing goes on as if nothing had come
    sigaction(SIGUSR1, &action, nullptr);
}

bool is_stop_requested(const team& everyone) {
    return all_reduce(everyone, requested ? 1 : 0, accumulate_op::max) != 0;
}

} // namespace nodespan::app
