#include "watchdog.hpp"

#include "end_of_job.hpp"
#include "host_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nodespan::detail {
namespace {

constexpr double default_seconds = 60;

struct settings {
    double seconds = default_seconds;
    bool aborts = false;
};

settings read_environment() {
    settings result;
    if (const char* text = std::getenv("NODESPAN_TIMEOUT"); text != nullptr && *text != '\0') {
        const char* const end = text + std::strlen(text);
        double seconds = 0;
        const auto [rest, problem] = std::from_chars(text, end, seconds);
        if (problem == std::errc() && rest == end && seconds >= 0)
            result.seconds = seconds;
        else
            fmt::print(stderr,
                       "nodespan: NODESPAN_TIMEOUT=\"{}\" is no number of seconds; {} it is\n",
                       text, default_seconds);
    }
    if (const char* text = std::getenv("NODESPAN_TIMEOUT_ACTION"); text != nullptr) {
        result.aborts = std::strcmp(text, "abort") == 0;
        if (!result.aborts && std::strcmp(text, "warn") != 0 && *text != '\0')
            fmt::print(
                stderr,
                "nodespan: NODESPAN_TIMEOUT_ACTION=\"{}\" is none of warn and abort; warn it "
                "is\n",
                text);
    }
    return result;
}

const settings& chosen() {
    static const settings once = read_environment();
    return once;
}

} // namespace

bool watchdog::is_overdue() noexcept {
    const double limit = chosen().seconds;
    if (limit == 0) return false;
    const clock::time_point now = clock::now();
    if (start_ == clock::time_point{}) {
        start_ = now;
        next_ = now + std::chrono::duration_cast<clock::duration>(
                          std::chrono::duration<double>(std::min(limit, 1e9)));
        return false;
    }
    if (now < next_) return false;
    next_ = now + (now - start_);
    return true;
}

double watchdog::seconds() const noexcept {
    return std::chrono::duration<double>(clock::now() - start_).count();
}

double watchdog::limit_seconds() noexcept {
    return chosen().seconds;
}

bool watchdog::aborts() noexcept {
    return chosen().aborts;
}

void watchdog::tell(const std::string& line) {
    const bool ends = aborts();
    fmt::print(stderr, "nodespan: {}{}\n", line, ends ? "; the job ends (NODESPAN_TIMEOUT)" : "");
    std::fflush(stderr);
    if (ends) end_job();
}

void lock_waiter::complain(const watchdog& watch, const std::string& for_whom) const {
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why.text(),
                               rank, watch.seconds(), host_name(), for_whom));
}

} // namespace nodespan::detail
