#pragma once

#include "app.hpp"

#include <CLI/CLI.hpp>
#include <nodespan/nodespan.hpp>

#include <optional>
#include <string>

namespace nodespan::app {

/// What a user asked for: --checkpoint, --every, --resume.
struct saving {
    std::string folder; ///< Empty: no checkpoints.
    index_t every = 0;
    bool resume = false;
};

/// Adds these options; `unit` is what a run counts, such as steps. Without HDF5 there are none.
/// From --checkpoint on SIGUSR1 is caught, see stop_request.hpp.
void add_saving_options(CLI::App& options, saving& chosen, const std::string& unit, index_t every);

/// A run that can be stopped and resumed. Does nothing where no checkpoints were asked for.
class saved_run {
public:
    /// `settings` decide what comes out: a run is resumed with equal ones only.
    saved_run(team& everyone, const saving& chosen, const std::string& unit, std::string settings);
    saved_run(const saved_run&) = delete;            // checkpoints refer to its settings
    saved_run& operator=(const saved_run&) = delete; // checkpoints refer to its settings

    /// Adds what a checkpoint holds; in place of what had this name.
    template <class Thing>
    void add([[maybe_unused]] const std::string& name, [[maybe_unused]] Thing& thing) {
#ifdef NODESPAN_HAS_HDF5
        if (saved_) saved_->add(name, thing);
#endif
    }

    /// Where the run begins: 0, or what the checkpoint says that was read; at most `last`.
    /// Call: collective. Errors: errc::io, errc::invalid_argument: a folder with checkpoints that
    /// nobody asked to resume, another run's settings, more steps done than asked for.
    index_t start(index_t last);

    bool is_on() const noexcept {
        return !chosen_.folder.empty();
    }

    bool is_due(index_t done) const noexcept {
        return is_on() && done % chosen_.every == 0;
    }

    /// The same where not every step will do: whether one was due since the last that was written.
    bool is_due_since(index_t last, index_t done) const noexcept {
        return is_on() && done / chosen_.every > last / chosen_.every;
    }

    /// Steps from `done` to the next checkpoint, at most `most`.
    index_t until_due(index_t done, index_t most) const;

    /// Writes a checkpoint after `done` steps. Call: collective.
    void write(index_t done);

    /// Whether the run is to be stopped by SIGUSR1: after a checkpoint, by stop_after. Call:
    /// collective. Cost: as is_stop_requested; nothing where there are no checkpoints.
    bool must_stop() const;

    /// Says that the run ends early, after `done` steps; what main should return.
    exit_code stop_after(index_t done) const;

private:
    [[noreturn]] void refuse(const std::string& why) const;

    team& team_;
    saving chosen_;
    std::string unit_;
    std::string settings_, found_settings_;
#ifdef NODESPAN_HAS_HDF5
    std::optional<checkpoint> saved_;
#endif
};

} // namespace nodespan::app
