#include "saving_options.hpp"

#include "usage.hpp"

#include <csignal>

namespace nodespan::app {

#ifdef NODESPAN_HAS_HDF5

void add_saving_options(CLI::App& options, run_control_options& chosen, const std::string& unit,
                        index_t every) {
    chosen.every = every;
    chosen.unit = unit;
    const auto take_folder = [&chosen](const std::string& folder) {
        chosen.folder = folder;
        run_control::catch_signal(SIGUSR1); // from the very start
    };
    CLI::Option* const folder =
        options
            .add_option_function<std::string>(
                "--checkpoint", take_folder,
                "Write checkpoints into this folder, which a later run can resume; SIGUSR1 then "
                "ends the run with one, and exit code 85")
            ->type_name("FOLDER");
    add_number<index_t>(options, "--every", chosen.every, "From one checkpoint to the next",
                        {1, index_t{1} << 40, unit})
        ->needs(folder);
    options
        .add_flag("--resume", chosen.resume,
                  "Go on from the latest checkpoint, on any number of ranks, if there is one")
        ->needs(folder);
}

#else

void add_saving_options(CLI::App&, run_control_options&, const std::string&, index_t) {}

#endif

} // namespace nodespan::app
