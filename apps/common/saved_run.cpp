#include "saved_run.hpp"

#include "stop_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace nodespan::app {

#ifdef NODESPAN_HAS_HDF5

void add_saving_options(CLI::App& options, saving& chosen, const std::string& unit, index_t every) {
    chosen.every = every;
    CLI::Option* const folder =
        options.add_option("--checkpoint", chosen.folder,
                           "Write checkpoints into this folder, which a later run can resume; "
                           "SIGUSR1 then ends the run with one, and exit code 85");
    folder->each([](const std::string&) { catch_stop_requests(); }); // from the very start
    options.add_option("--every", chosen.every, fmt::format("{} from one to the next", unit))
        ->needs(folder)
        ->check(CLI::Range(index_t{1}, index_t{1} << 40))
        ->capture_default_str();
    options
        .add_flag("--resume", chosen.resume,
                  "Go on from the latest checkpoint, on any number of ranks, if there is one")
        ->needs(folder);
}

saved_run::saved_run(team& everyone, const saving& chosen, const std::string& unit,
                     std::string settings)
    : team_(everyone),
      chosen_(chosen),
      unit_(unit),
      settings_(std::move(settings)) {
    if (!is_on()) return;
    saved_.emplace(everyone, chosen.folder);
    found_settings_ = settings_;
    saved_->add("settings", found_settings_);
}

void saved_run::refuse(const std::string& why) const {
    throw error(errc::invalid_argument, fmt::format("{}: {}", chosen_.folder, why), true);
}

index_t saved_run::start(index_t last) {
    if (!saved_) return 0;
    if (!chosen_.resume) {
        if (const auto old = saved_->latest())
            refuse(fmt::format("there is a checkpoint after {} {}: --resume goes on from it", *old,
                               unit_));
        return 0;
    }
    const std::optional<index_t> done = saved_->restore();
    if (team_.rank() == 0)
        for (const std::string& broken : saved_->refused())
            fmt::print(stderr, "passed over {}\n", broken);
    if (!done && !saved_->refused().empty()) refuse("no checkpoint is whole");
    if (done && found_settings_ != settings_)
        refuse(fmt::format("the checkpoint is of another run, with {}; this one has {}",
                           found_settings_, settings_));
    if (done.value_or(0) > last)
        refuse(fmt::format("{} {} are done already, more than {}", *done, unit_, last));
    if (team_.rank() == 0)
        fmt::print(stderr, "{}\n",
                   done ? fmt::format("resumed from {} after {} {}", chosen_.folder, *done, unit_)
                        : fmt::format("no checkpoint in {} yet", chosen_.folder));
    return done.value_or(0);
}

void saved_run::write(index_t done) {
    if (saved_) saved_->write(done);
}

#else

void add_saving_options(CLI::App&, saving&, const std::string&, index_t) {}
saved_run::saved_run(team& everyone, const saving& chosen, const std::string& unit,
                     std::string settings)
    : team_(everyone),
      chosen_(chosen),
      unit_(unit),
      settings_(std::move(settings)) {}
index_t saved_run::start(index_t) {
    return 0;
}
void saved_run::write(index_t) {}

#endif

index_t saved_run::until_due(index_t done, index_t most) const {
    return is_on() ? std::min(most, chosen_.every - done % chosen_.every) : most;
}

bool saved_run::must_stop() const {
    return is_on() && is_stop_requested(team_);
}

exit_code saved_run::stop_after(index_t done) const {
    if (team_.rank() == 0)
        fmt::print(stderr, "stopped by SIGUSR1 after {} {}: --resume goes on from {}\n", done,
                   unit_, chosen_.folder);
    return stopped;
}

} // namespace nodespan::app
