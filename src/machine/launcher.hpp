#pragma once

#include <map>
#include <string>

namespace nodespan::detail {

/// What has started this process, and how many ranks it says it started.
struct launcher {
    std::string name;
    int ranks = 0; ///< 0: it does not say, or there is none.
};

using variables = std::map<std::string, std::string>;

/// The environment that this process was started with: MPI adds to it later what a launcher would.
variables first_environment();

/// Tells the launcher by what each leaves in the environment. Pure function.
launcher find_launcher(const variables& environment);

} // namespace nodespan::detail
