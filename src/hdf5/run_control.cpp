#include "nodespan/run_control.hpp"

#include "nodespan/collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <span>

namespace nodespan {
namespace {

// A signal has nowhere else to leave its mark, and may come on any thread.
std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers must not wait for a lock");

void remember(int) {
    stop_requested = true;
}

constexpr double seconds_between_looks = 0.1;

} // namespace

void run_control::request_stop() noexcept {
    stop_requested = true;
}

void run_control::catch_signal(int signal) {
    struct sigaction action = {};
    action.sa_handler = remember;
    action.sa_flags = SA_RESTART; // reading and writing goes on as if nothing had come
    if (sigaction(signal, &action, nullptr) != 0)
        throw error(errc::invalid_argument,
                    fmt::format("run_control: signal {} cannot be caught", signal));
}

run_control::run_control(const team& everyone, run_control_options options)
    : team_(everyone),
      options_(std::move(options)),
      found_settings_(options_.settings) {
    if (options_.every < 0)
        throw error(errc::invalid_argument, fmt::format("run_control: a checkpoint every {} {}",
                                                        options_.every, options_.unit));
    if (options_.folder.empty()) return;
    if (options_.signal != 0) catch_signal(options_.signal);
    saved_.emplace(everyone, options_.folder);
    saved_->add("settings", found_settings_);
}

void run_control::tell(const std::string& line) const {
    if (team_.rank() != 0) return;
    if (options_.tell)
        options_.tell(line);
    else
        std::fputs((line + "\n").c_str(), stderr);
}

// All ranks do so together.
void run_control::refuse(const std::string& why) const {
    throw error(errc::invalid_argument,
                fmt::format("run_control::start(\"{}\"): {}", options_.folder.string(), why), true);
}

index_t run_control::start(index_t last) {
    last_ = last;
    if (saved_) {
        saved_->reserve();
        written_ = resumed_step();
    }
    looked_ = written_;
    next_look_ = written_ + 1;
    look_time_ = clock::now();
    return written_;
}

index_t run_control::resumed_step() {
    if (!options_.resume) {
        if (const auto old = saved_->latest())
            refuse(fmt::format("there is a checkpoint after {} {}: resume it (--resume), or take "
                               "another folder",
                               *old, options_.unit));
        return 0;
    }
    const std::optional<index_t> done = saved_->restore();
    for (const std::string& broken : saved_->refused()) tell("passed over " + broken);
    if (!done && !saved_->refused().empty()) refuse("no checkpoint is whole");
    if (done && found_settings_ != options_.settings)
        refuse(fmt::format("the checkpoint is of another run, with {}; this one has {}",
                           found_settings_, options_.settings));
    if (done.value_or(0) > last_)
        refuse(fmt::format("{} {} are done already, more than {}", *done, options_.unit, last_));
    const std::string folder = options_.folder.string();
    tell(done ? fmt::format("resumed from {} after {} {}", folder, *done, options_.unit)
              : fmt::format("no checkpoint in {} yet", folder));
    return done.value_or(0);
}

// Where not every step is told: whether one was due since the latest checkpoint.
bool run_control::is_due(index_t done) const noexcept {
    return options_.every > 0 && done / options_.every > written_ / options_.every;
}

// Asks all ranks, and lets them agree on when they will be asked again: by the slowest one's steps.
bool run_control::agree_to_stop(index_t done) {
    const auto now = clock::now();
    const std::chrono::duration<double> gone = now - look_time_;
    const index_t steps = std::max<index_t>(1, done - looked_);
    std::array<double, 2> asked{stop_requested ? 1.0 : 0.0,
                                gone.count() / static_cast<double>(steps)};
    all_reduce(team_, std::span(asked), accumulate_op::max);
    // At most ten times as many as before: the first ones may have been quick.
    const double most = 10 * static_cast<double>(steps);
    next_look_ = done + static_cast<index_t>(std::clamp(
                            seconds_between_looks / std::max(asked[1], 1e-12), 1.0, most));
    looked_ = done;
    look_time_ = now;
    return asked[0] != 0;
}

bool run_control::stops_after(index_t done) {
    return stops_after(done, [] {});
}

bool run_control::stops_after(index_t done, const std::function<void()>& prepare) {
    if (!saved_) return false;
    const bool is_last = done >= last_, must_write = is_last || is_due(done);
    if (!must_write && done < next_look_) return false;
    const bool is_asked = agree_to_stop(done);
    if (must_write || is_asked) {
        prepare();
        saved_->write(done);
        written_ = done;
        look_time_ = clock::now(); // writing is no part of a step
    }
    if (!is_asked || is_last) return false;
    stop_requested = false; // a request is for one run
    is_stopped_ = true;
    tell(fmt::format("stopped on request after {} {}: resumed, the run goes on from {}", done,
                     options_.unit, options_.folder.string()));
    return true;
}

index_t run_control::steps_from(index_t done) const {
    index_t end = last_;
    if (saved_) end = std::min(end, next_look_);
    if (saved_ && options_.every > 0)
        end = std::min(end, (done / options_.every + 1) * options_.every);
    return std::max<index_t>(1, end - done);
}

} // namespace nodespan
