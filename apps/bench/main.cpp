#include "app.hpp"
#include "timing.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/version.hpp>

#include <algorithm>
#include <cstdio>

namespace {

using nodespan::bench::bench_case;
using nodespan::bench::measurement;
using json = nlohmann::ordered_json; // keys in the order written here

const bench_case cases[] = {
    {"sum", "Reading one's own share of an array, against memory from malloc",
     nodespan::bench::measure_sum},
    {"fence", "Ending an epoch, against MPI_Barrier", nodespan::bench::measure_fence},
    {"node", "Reaching what a peer of one's own node holds, against memcpy, loads, MPI_Accumulate",
     nodespan::bench::measure_node},
    {"transfer", "Reaching what the last node holds, against a window written by hand",
     nodespan::bench::measure_transfer},
    {"ghosts", "Updating ghost layers, against fence() and messages written by hand",
     nodespan::bench::measure_ghosts},
};

std::string footer() {
    std::string text = "Cases:\n";
    for (const bench_case& c : cases) text += fmt::format("  {:<10}{}\n", c.name, c.description);
    return text + R"(
Examples:
  mpirun -n 2 nodespan-bench                     all cases
  mpirun -n 4 nodespan-bench --case fence        one of them
  mpirun --host a,b nodespan-bench --case transfer
                                                 between two hosts
  mpirun -n 2 nodespan-bench --repeat 101 --json more batches, for programs

Ratios are the reference's time over ours: above 1, nodespan is faster. "ratio" compares medians,
"best" the fastest batches, which other programs on the machine disturb least.
Exit codes: 0 good, 1 failed, 2 bad usage.)";
}

std::string text_of_time(double seconds) {
    if (seconds < 1e-3) return fmt::format("{:.3f} us", seconds * 1e6);
    return fmt::format("{:.3f} ms", seconds * 1e3);
}

void print_table(const std::vector<measurement>& results) {
    const char* const columns = "{:<28}{:<24}{:>12}{:>12}{:>8}{:>8}{:>9}  {}\n";
    std::string text = fmt::format(fmt::runtime(columns), "case", "size", "ours", "reference",
                                   "ratio", "best", "spread", "against");
    for (const measurement& m : results)
        text += fmt::format(fmt::runtime(columns), m.name, m.size, text_of_time(m.ours_seconds),
                            text_of_time(m.reference_seconds), fmt::format("{:.3f}", m.ratio()),
                            fmt::format("{:.3f}", m.best_ratio),
                            fmt::format("{:.0f}%", m.spread * 100), m.reference);
    if (std::any_of(results.begin(), results.end(), [](const auto& m) { return m.is_noisy(); }))
        text += "The machine was noisy: batches of one side spread by more than 10% of their "
                "median. Run again, or with a larger --repeat.\n";
    std::fputs(text.c_str(), stdout);
}

void print_json(const nodespan::team& team, const std::vector<measurement>& results) {
    json lines = json::array();
    for (const measurement& m : results)
        lines.push_back({{"case", m.name},
                         {"size", m.size},
                         {"reference", m.reference},
                         {"ours_seconds", m.ours_seconds},
                         {"reference_seconds", m.reference_seconds},
                         {"ratio", m.ratio()},
                         {"best_ratio", m.best_ratio},
                         {"spread", m.spread},
                         {"noisy", m.is_noisy()}});
    const json all = {{"version", NODESPAN_VERSION},
                      {"ranks", team.size()},
                      {"nodes", team.nodes()},
                      {"crowded", team.is_crowded()},
                      {"results", lines}};
    std::fputs((all.dump(2) + "\n").c_str(), stdout);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App options("Measures nodespan against what one would use instead, in the same run",
                     "nodespan-bench");
    std::vector<std::string> wanted, names;
    for (const bench_case& c : cases) names.emplace_back(c.name);
    int batches = 41;
    bool as_json = false;
    options.add_option("--case", wanted, "Run this case only; may be repeated")
        ->check(CLI::IsMember(names))
        ->take_all()
        ->allow_extra_args(false);
    options.add_option("--repeat", batches, "Timed batches of each side")
        ->check(CLI::Range(3, 100000))
        ->capture_default_str();
    options.add_flag("--json", as_json, "Print JSON instead of a table");
    options.set_version_flag("--version", "nodespan-bench " NODESPAN_VERSION);
    options.footer(footer());
    return nodespan::app::run_app(argc, argv, options, [&](nodespan::team& team) {
        std::vector<measurement> results;
        for (const bench_case& c : cases) {
            if (!wanted.empty() && std::count(wanted.begin(), wanted.end(), c.name) == 0) continue;
            const std::vector<measurement> lines = c.run(team, batches);
            results.insert(results.end(), lines.begin(), lines.end());
        }
        if (team.rank() == 0 && as_json) print_json(team, results);
        if (team.rank() == 0 && !as_json) print_table(results);
        return nodespan::app::good;
    });
}
