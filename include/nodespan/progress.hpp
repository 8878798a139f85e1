#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/indices.hpp"
#include "nodespan/team.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace NODESPAN_EXPORT nodespan {

/// What is counted, and where it is shown.
struct progress_options {
    /// What is counted, in the plural, such as "steps"; "B" stands for bytes, shown as MB and GB.
    std::string unit = {};

    /// Counted before this run, such as the steps of a checkpoint: no part of the rate.
    index_t begin = 0;

    /// Nothing is shown of what takes no longer than this; then comes a line as often, and a bar is
    /// redrawn ten times as often. From 100 times this on lines come more and more seldom, each
    /// after a hundredth of the time that has gone, so that logs stay short.
    std::chrono::milliseconds pause = std::chrono::milliseconds(1000);

    /// Shows nothing, for a program's option --quiet.
    bool quiet = false;

    /// The file descriptor that it is written to; 2 is standard error.
    int descriptor = 2;
};

/// Shows how far a long piece of work is, with rate and time left: on a terminal a bar as wide as
/// it, redrawn in place; elsewhere, as in a batch job's log and under mpirun, a line about every
/// second. The first rank of the team shows it; on the others it does nothing.
///
///     nodespan::progress shown(everyone, "heat", steps, {.unit = "steps"});
///     for (index_t step = 0; step < steps;) {
///         ...
///         shown.update(++step);
///     }
///
/// NODESPAN_PROGRESS=bar, lines or none in the environment of that rank decides instead. A bar
/// under mpirun takes the width of the terminal that mpirun was started from.
class progress {
public:
    /// `total` is what will have been counted at the end; 0 where it is not known: then there
    /// is no bar, and no time left.
    /// Call:   any rank alone.
    progress(const team& everyone, std::string label, index_t total, progress_options options = {});

    progress(const progress&) = delete;            // owns a line of the terminal
    progress& operator=(const progress&) = delete; // owns a line of the terminal

    /// Leaves the line of a bar that has not come to its end.
    ~progress();

    /// `done` of the total are counted by now; `note` follows the figures. What cannot be written
    /// is not shown.
    /// Call:   any rank alone, by one thread at a time.
    /// Cost:   a look at the clock, some 30 ns, where nothing is due to be shown.
    void update(index_t done, std::string_view note = {});

private:
    enum class form { none, lines, bar };
    using clock = std::chrono::steady_clock;

    static form chosen_form(const progress_options& options);
    void show(index_t done, std::string_view note, clock::time_point now);

    std::string label_;
    index_t total_ = 0;
    progress_options options_;
    form form_ = form::none;
    clock::time_point start_ = clock::now();
    clock::time_point next_{}; // when something is to be shown again
    bool has_shown_ = false;
    bool is_open_ = false; // the cursor stands in our line
};

} // namespace nodespan
