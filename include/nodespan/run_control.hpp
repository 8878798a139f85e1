#pragma once

#include "nodespan/checkpoint.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace NODESPAN_EXPORT nodespan {

/// Where a run leaves its checkpoints, and how often. What programs offer as --checkpoint, --every
/// and --resume.
struct run_control_options {
    /// The folder of checkpoints. Empty: none are written, and the run cannot be stopped.
    std::filesystem::path folder = {};

    /// Steps from one checkpoint to the next; 0: only when the run is stopped, and at its end.
    index_t every = 0;

    /// Goes on from the latest checkpoint if there is one. Without it a folder that has checkpoints
    /// is refused.
    bool resume = false;

    /// What a step is called, in the plural.
    std::string unit = "steps";

    /// What decides the results, such as sizes and seeds; a run is resumed with the same text only.
    std::string settings = {};

    /// The signal that asks the run to stop; 0: none is caught.
    int signal = SIGUSR1;

    /// Told on the first rank what people want to know, a line at a time; empty: standard error.
    std::function<void(const std::string&)> tell = {};
};

/// A run that writes checkpoints, can be stopped at any time and resumed on any number of ranks.
/// SIGUSR1, which batch systems send before a time limit, to any rank or to all: the ranks agree on
/// a step, write a checkpoint, and leave with exit code 85, which no failure has.
///
///     nodespan::run_control control(everyone, {.folder = "run7", .every = 100, .resume = true});
///     control.add("temperature", field);
///     for (index_t step = control.start(steps); step < steps;) {
///         ...
///         if (control.stops_after(++step)) return control.exit_code();
///     }
class run_control {
public:
    /// Catches the signal from now on, if there is a folder.
    /// Call:   the same on all ranks.
    /// Errors: errc::invalid_argument: a signal that cannot be caught, or `every` below 0.
    run_control(const team& everyone, run_control_options options);
    run_control(const run_control&) = delete;            // checkpoints refer to its settings
    run_control& operator=(const run_control&) = delete; // checkpoints refer to its settings

    /// Adds an array or a value to what checkpoints hold, as checkpoint::add does.
    /// Call:   the same on all ranks.
    template <class Thing>
    void add(const std::string& name, Thing& thing) {
        if (saved_) saved_->add(name, thing);
    }

    /// How many steps are done when the run begins, at most `last`, of which there are to be so
    /// many in the end: 0, or those of the checkpoint that is read. The folder is reserved first,
    /// see checkpoint::reserve.
    /// Call:   collective, once, when all has been added.
    /// Epoch:  as checkpoint::restore.
    /// Errors: errc::invalid_argument: checkpoints that are not to be resumed, or are of a run with
    ///         other settings, or of more steps than `last`; errc::io: none is whole; as
    ///         checkpoint::reserve and checkpoint::restore.
    index_t start(index_t last);

    /// Call it when `done` steps are done: writes a checkpoint where one is due, at the end, and
    /// where a rank was asked to stop. Returns whether the run stops here, the same on all ranks:
    /// if so, what is left to do is to return exit_code().
    /// Call:   collective; any steps may be left out, except the last one.
    /// Epoch:  ends one where it writes.
    /// Errors: as checkpoint::write.
    /// Cost:   a comparison. About every tenth of a second an all-reduce, by which ranks hear of
    ///         each other's requests.
    bool stops_after(index_t done);

    /// The same; `prepare` is called on all ranks before a checkpoint is written. It may add what
    /// has moved, and compute what is to be saved.
    bool stops_after(index_t done, const std::function<void()>& prepare);

    /// How many steps may follow until stops_after has something to do, at least 1: for programs
    /// that take several together.
    /// Call:   any rank alone; the same on all.
    index_t steps_from(index_t done) const;

    /// Whether the run has been stopped.
    bool is_stopped() const noexcept { return is_stopped_; }

    /// What main should return: 85 for a run that was stopped, else 0.
    int exit_code() const noexcept { return is_stopped_ ? 85 : 0; }

    /// Asks the next run of this process that looks to stop, as the signal does. For signal
    /// handlers of a program's own, and for threads.
    /// Call:   any rank alone, on any thread, also in a signal handler.
    static void request_stop() noexcept;

    /// Catches a signal from now on, to the end of the process: for programs that want to do so
    /// before they have a team. It no longer ends the process, but asks for a stop.
    /// Call:   any rank alone.
    /// Errors: errc::invalid_argument: it cannot be caught.
    static void catch_signal(int signal);

private:
    using clock = std::chrono::steady_clock;

    index_t resumed_step();
    bool is_due(index_t done) const noexcept;
    bool agree_to_stop(index_t done);
    void tell(const std::string& line) const;
    [[noreturn]] void refuse(const std::string& why) const;

    const team& team_;
    run_control_options options_;
    std::string found_settings_;
    std::optional<checkpoint> saved_;
    index_t last_ = 0, written_ = 0; // steps: wanted in the end, and of the latest checkpoint
    index_t looked_ = 0, next_look_ = 0;
    clock::time_point look_time_{};
    bool is_stopped_ = false;
};

} // namespace nodespan
