#pragma once

#include "occasion.hpp"

#include <chrono>
#include <string>

namespace nodespan::detail {

/// Says when one wait has become too long. Costs nothing until somebody asks, and a look at the
/// clock then. How long is too long: NODESPAN_TIMEOUT seconds, 60 without it, 0 for never.
class watchdog {
public:
    /// Whether it is time to tell somebody: after the time above, then twice as long each time.
    bool is_overdue() noexcept;

    /// Seconds since the first question.
    double seconds() const noexcept;

    /// How long is too long; 0 for never. Whether a line ends the job.
    static double limit_seconds() noexcept;
    static bool aborts() noexcept;

    /// Prints a line on standard error. With NODESPAN_TIMEOUT_ACTION=abort that is the end of the
    /// job.
    static void tell(const std::string& line);

private:
    using clock = std::chrono::steady_clock;
    clock::time_point start_{};
    clock::time_point next_{};
};

/// How long a rank that has left may still be heard of: what it sent before may be under way.
/// Counts from the first question on.
class grace_period {
public:
    bool is_over() noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (since_ == std::chrono::steady_clock::time_point{}) since_ = now;
        return now - since_ > std::chrono::milliseconds(100);
    }

private:
    std::chrono::steady_clock::time_point since_{};
};

/// A rank that may wait for a lock.
struct lock_waiter {
    int rank = 0;
    occasion why;

    void complain(const watchdog& watch, const std::string& for_whom) const;
};

} // namespace nodespan::detail
