#include "contention.hpp"

#include <atomic>
#include <ctime>
#include <sys/resource.h>
#include <utility>

namespace nodespan::detail::contention {
namespace {

constexpr auto memory = std::chrono::milliseconds(50);
constinit std::atomic<clock::rep> until{0};
constinit thread_local long switches = 0; // of this thread, when it looked last

} // namespace

void look(clock::time_point begin) noexcept {
    constexpr auto slice = std::chrono::microseconds(300);
    const clock::time_point now = clock::now();
    if (now - begin < slice) return;
    rusage used{};
    if (getrusage(RUSAGE_THREAD, &used) != 0) return;
    if (std::exchange(switches, used.ru_nivcsw) == used.ru_nivcsw) return;
    until.store((now + memory).time_since_epoch().count(), std::memory_order_relaxed);
}

bool is_likely() noexcept {
    const clock::rep end = until.load(std::memory_order_relaxed);
    return end != 0 && clock::now().time_since_epoch().count() < end;
}

void nap() noexcept {
    const timespec time{0, 20'000};
    nanosleep(&time, nullptr);
}

} // namespace nodespan::detail::contention
