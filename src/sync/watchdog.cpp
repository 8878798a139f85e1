#include "watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace nodespan::detail {
namespace {

constexpr double default_seconds = 60;

constinit std::atomic<void (*)()> own_abort{nullptr};

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

std::string occasion::text() const {
    return describe == nullptr ? operation : fmt::format("{} of {}", operation, describe(what));
}

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
    if (!ends) return;
    if (void (*const end_job)() = own_abort.load(); end_job != nullptr) end_job();
    std::abort();
}

void lock_waiter::complain(const watchdog& watch, const std::string& for_whom) const {
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why.text(),
                               rank, watch.seconds(), host_name(), for_whom));
}

void set_abort(void (*end_job)()) noexcept {
    own_abort.store(end_job);
}

std::string list_of_ranks(const std::vector<int>& ascending) {
    std::string text = ascending.size() == 1 ? "rank " : "ranks ";
    for (std::size_t i = 0, last = 0; i < ascending.size(); i = last + 1) {
        for (last = i; last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1;)
            ++last;
        if (i > 0) text += ", ";
        text += std::to_string(ascending[i]);
        if (last > i) text += (last > i + 1 ? "-" : ", ") + std::to_string(ascending[last]);
    }
    return text;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
    return name.data();
}

} // namespace nodespan::detail
