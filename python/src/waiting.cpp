#include "waiting.hpp"

#include "intents.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

// Python's own, for tracebacks out of signal handlers; not all builds show it.
extern "C" void _Py_DumpTraceback(int fd, PyThreadState* thread) __attribute__((weak));

namespace nodespan::python {
namespace {

constexpr std::int64_t short_wait_ns = 200'000'000; // Python itself raises KeyboardInterrupt soon

std::atomic<std::int64_t> waits_since{0}; // the main thread; 0: it does not
std::atomic<const char*> waits_in{""};
struct sigaction pythons_own;

std::int64_t now_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec + 1;
}

void say(const char* text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void on_interrupt(int signal) {
    const int kept = errno;
    const std::int64_t since = waits_since.load();
    if (since == 0 || now_ns() - since < short_wait_ns) {
        pythons_own.sa_handler(signal);
    } else {
        say("\nnodespan: interrupted while waiting for other ranks in ");
        say(waits_in.load());
        say("\n");
        if (_Py_DumpTraceback != nullptr && is_main_thread())
            _Py_DumpTraceback(STDERR_FILENO, PyGILState_GetThisThreadState());
        std::signal(signal, SIG_DFL); // the end of this process ends the job
        std::raise(signal);
    }
    errno = kept;
}

} // namespace

bool is_main_thread() noexcept {
    static thread_local const bool result = ::getpid() == ::syscall(SYS_gettid);
    return result;
}

waiting_call::waiting_call(const char* operation) noexcept
    : thread_((name_caller(), PyEval_SaveThread())) {
    if (!is_main_thread() || waits_since.load(std::memory_order_relaxed) != 0) return;
    is_outer_ = true;
    waits_in.store(operation, std::memory_order_relaxed);
    waits_since.store(now_ns(), std::memory_order_relaxed);
}

waiting_call::~waiting_call() {
    if (is_outer_) waits_since.store(0, std::memory_order_relaxed);
    forget_caller();
    PyEval_RestoreThread(thread_);
}

void watch_interrupts() noexcept {
    struct sigaction found {};
    if (sigaction(SIGINT, nullptr, &found) != 0) return;
    // Python's, and nobody else's: a program that ignores ctrl-C, or sees to it, is left alone.
    const bool is_pythons = (found.sa_flags & SA_SIGINFO) == 0 && found.sa_handler != SIG_DFL &&
                            found.sa_handler != SIG_IGN && found.sa_handler != on_interrupt;
    if (!is_pythons) return;
    pythons_own = found;
    found.sa_handler = on_interrupt;
    sigaction(SIGINT, &found, nullptr);
}

} // namespace nodespan::python
