#include "probe_guard.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace nodespan::info {
namespace {

constexpr std::array<int, 6> watched{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM};

// What a signal handler may touch.
volatile std::sig_atomic_t caught = 0;
char last_words[200];
std::array<struct sigaction, watched.size()> before;

// Rank 0's thread tells what was found and ends the process; where that fails, this one does.
void on_signal(int signal) {
    caught = signal;
    if (signal == SIGTERM) return;
    static_cast<void>(!write(STDERR_FILENO, last_words, std::strlen(last_words)));
    sleep(5);
    _exit(1);
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (std::size_t i = 0; i < watched.size(); ++i) sigaction(watched[i], &action, &before[i]);
}

void release_signals() {
    for (std::size_t i = 0; i < watched.size(); ++i) sigaction(watched[i], &before[i], nullptr);
}

} // namespace

double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

probe_guard::probe_guard(int rank, double seconds_at_most, teller tell)
    : rank_(rank),
      limit_(seconds_at_most),
      tell_(std::move(tell)) {
    catch_signals();
    thread_ = std::thread([this] { watch(); });
}

probe_guard::~probe_guard() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
    release_signals();
}

void probe_guard::begin(const std::string& name, const std::string& cure) {
    const std::lock_guard lock(mutex_);
    probe_ = {name, verdict::wrong, 0, "", cure};
    is_trying_ = true;
    begun_ = now();
    std::snprintf(last_words, sizeof last_words,
                  "nodespan-info: rank %d: MPI crashed in the probe \"%s\"\n", rank_, name.c_str());
}

void probe_guard::end() {
    const std::lock_guard lock(mutex_);
    is_trying_ = false;
}

void probe_guard::add(finding found) {
    const std::lock_guard lock(mutex_);
    found_.push_back(std::move(found));
}

findings probe_guard::take() {
    const std::lock_guard lock(mutex_);
    return std::move(found_);
}

// Others than rank 0 wait longer: it is the one who tells.
void probe_guard::watch() {
    const double limit = rank_ == 0 ? limit_ : 2 * limit_ + 5;
    std::unique_lock lock(mutex_);
    while (!is_over_) {
        changed_.wait_for(lock, std::chrono::milliseconds(20));
        if (caught == SIGTERM) give_up("the job was ended in it; another rank may have crashed");
        if (caught != 0) give_up(fmt::format("MPI crashed in it (signal {})", caught));
        if (is_trying_ && now() - begun_ > limit)
            give_up(fmt::format("it did not end within {:g} s", limit_));
    }
}

void probe_guard::give_up(const std::string& how) {
    probe_.text = how;
    found_.push_back(probe_);
    if (rank_ == 0) tell_(found_);
    std::fflush(stdout);
    _exit(1);
}

} // namespace nodespan::info
