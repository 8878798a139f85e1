#include "wait.hpp"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nodespan::detail {
namespace {

constinit std::atomic<duty> own_duty{nullptr};

} // namespace

void set_duty(duty what) noexcept {
    own_duty.store(what, std::memory_order_relaxed);
}

bool do_duty() noexcept {
    const duty what = own_duty.load(std::memory_order_relaxed);
    return what != nullptr && what();
}

void yield_core() noexcept {
    const auto begin = contention::clock::now();
    sched_yield();
    contention::look(begin);
}

void pause::before_first_try() noexcept {
    if (contention::is_likely()) contention::nap();
    try_began_ = contention::clock::now();
}

void pause::wait() noexcept {
    contention::look(try_began_);
    if (tries_ < yields) ++tries_;
    if (contention::is_likely()) {
        contention::nap();
    } else if (tries_ < spins) {
        cpu_pause();
    } else if (tries_ < yields || !may_sleep_) {
        yield_core();
    } else {
        const timespec time{0, 100'000};
        nanosleep(&time, nullptr);
    }
    try_began_ = contention::clock::now();
}

// Not FUTEX_PRIVATE, because several processes map the word at different addresses. The results are
// not needed: every wait checks its condition again.
void futex_wait(shared_word& word, std::uint32_t seen, long timeout_ns) noexcept {
    const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
    syscall(SYS_futex, &word, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void futex_wake_all(shared_word& word) noexcept {
    syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace nodespan::detail
