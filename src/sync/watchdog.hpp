#pragma once

#include "occasion.hpp"

#include <chrono>
#include <string>

namespace nodespan::detail {

/// Says when one wait has lasted too long. It costs nothing until it is asked, and then one look at
/// the clock. The limit is NODESPAN_TIMEOUT seconds, 60 by default; 0 means that there is none.
class watchdog {
public:
    /// Whether it is time to print a line: after the limit, then after twice as long each time.
    bool is_overdue() noexcept;

    /// Seconds since the first question.
    double seconds() const noexcept;

    /// The limit in seconds, 0 for none; and whether a line ends the job.
    static double limit_seconds() noexcept;
    static bool aborts() noexcept;

    /// Prints a line on standard error. With NODESPAN_TIMEOUT_ACTION=abort it then ends the job.
    static void tell(const std::string& line);

private:
    using clock = std::chrono::steady_clock;
    clock::time_point start_{};
    clock::time_point next_{};
};

/// The time, 100 ms unless said otherwise, for which a wait goes on after a rank has left: what the
/// rank sent before may still be under way. It begins with the first question.
class grace_period {
public:
    explicit grace_period(
        std::chrono::milliseconds length = std::chrono::milliseconds(100)) noexcept
        : length_(length) {}
    bool is_over() noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (since_ == std::chrono::steady_clock::time_point{}) since_ = now;
        return now - since_ > length_;
    }

private:
    std::chrono::milliseconds length_;
    std::chrono::steady_clock::time_point since_{};
};

/// Behind the name of whom a leader waits for, where that node itself may wait for another one.
inline constexpr const char* or_waits_for_others =
    ": one of them has not come, or waits for others";

/// A rank that may wait for a lock.
struct lock_waiter {
    int rank = 0;
    occasion why;

    void complain(const watchdog& watch, const std::string& for_whom) const;
};

} // namespace nodespan::detail
