#pragma once

#include "finding.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace nodespan::info {

/// Ends the process, and with it the job, where a probe of MPI hangs or crashes: a program cannot
/// get out of such a call. Before that, rank 0 tells what was found so far.
///
/// A probe that crashes on another rank says so on standard error there; rank 0 then hears from the
/// launcher, by SIGTERM. Nothing of this uses MPI.
class probe_guard {
public:
    using teller = std::function<void(const findings&)>;

    /// `tell` is called by a thread of its own, at most once, with the last probe as `wrong`.
    probe_guard(int rank, double seconds_at_most, teller tell);
    ~probe_guard();

    probe_guard(const probe_guard&) = delete;            // one thread, one set of signals
    probe_guard& operator=(const probe_guard&) = delete; // one thread, one set of signals

    /// From here on the probe has its time; `cure` is what to say where it does not end.
    void begin(const std::string& name, const std::string& cure);
    void end();

    void add(finding found);
    findings take();

private:
    void watch();
    [[noreturn]] void give_up(const std::string& how);

    int rank_;
    double limit_;
    teller tell_;
    std::mutex mutex_;
    std::condition_variable changed_;
    findings found_;
    finding probe_; // under way
    bool is_trying_ = false, is_over_ = false;
    double begun_ = 0;
    std::thread thread_;
};

/// Seconds of a clock that only goes on.
double now();

} // namespace nodespan::info
