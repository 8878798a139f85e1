#pragma once

#include <CLI/CLI.hpp>
#include <nodespan/nodespan.hpp>

#include <functional>
#include <string>

namespace nodespan::app {

#ifdef NODESPAN_HAS_HDF5
using nodespan::run_control;
using nodespan::run_control_options;
#else

/// Checkpoints are HDF5 files: without it there are none, and no options for them.
struct run_control_options {
    std::string folder, unit, settings;
    bool resume = false;
    std::function<void(const std::string&)> tell;
};

class run_control {
public:
    run_control(const team&, const run_control_options&) {}
    template <class Thing>
    void add(const std::string&, Thing&) {}
    index_t start(index_t last) {
        last_ = last;
        return 0;
    }
    static bool stops_after(index_t, const std::function<void()>& = {}) { return false; }
    index_t steps_from(index_t done) const { return last_ - done; }
    static int exit_code() { return 0; }

private:
    index_t last_ = 0;
};

#endif

/// Adds --checkpoint, --every and --resume; `unit` is what a run counts, such as steps. From
/// --checkpoint on SIGUSR1 is caught.
void add_saving_options(CLI::App& options, run_control_options& chosen, const std::string& unit,
                        index_t every);

} // namespace nodespan::app
