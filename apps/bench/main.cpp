#include "app.hpp"
#include "by_hand.hpp"
#include "output.hpp"
#include "own_memory.hpp"
#include "results.hpp"
#include "scale.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nodespan/progress.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace {

namespace bench = nodespan::bench;
using bench::bench_case;
using bench::measurement;

bool always(const nodespan::team&) {
    return true;
}

bool on_request(const nodespan::team&) {
    return false;
}

const bench_case cases[] = {
    {"fence", "Ending an epoch, against MPI_Barrier and MPI_Win_fence", bench::measure_fence,
     always},
    {"create", "Making and ending an array, against a shared window", bench::measure_create,
     always},
    {"elements", "One element of a node peer, against loads, stores and atomics",
     bench::measure_elements, bench::has_node_peers},
    {"lists", "Lists of elements, against loops over them and MPI_Alltoallv", bench::measure_lists,
     bench::has_node_peers},
    {"locks", "A node's mutex, against MPI_Win_lock and a pthread_mutex_t", bench::measure_locks,
     bench::has_node_peers},
    {"commands", "Commands to a node's workers, against messages", bench::measure_commands,
     bench::has_node_peers},
    {"copies", "Bytes from and to a node peer, against memcpy", bench::measure_copies,
     bench::has_node_peers},
    {"patches", "Patches of a node peer, against memcpy, loops, MPI", bench::measure_patches,
     bench::has_node_peers},
    {"sum", "Reading one's own share of an array, against memory from malloc", bench::measure_sum,
     always},
    {"loops", "Loops over views, against the same over pointers", bench::measure_loops, always},
    {"sort", "Sorting an array, against std::sort in one process and __gnu_parallel::sort",
     bench::measure_sorting, on_request},
    {"map", "A map's on-node inserts and finds, against std::unordered_map in one process",
     bench::measure_maps, always},
    {"sharing", "Tables and results for others, against messages", bench::measure_sharing, always},
    {"ghosts", "Updating ghost layers, against fence() and messages written by hand",
     bench::measure_ghosts, always},
    {"collectives", "Combining and sharing all ranks' values, against MPI's collective calls",
     bench::measure_collectives, always},
    {"transfer", "Reaching what the last node holds, against a window written by hand",
     bench::measure_transfer, bench::has_several_nodes},
    {"gpu", "Copies from an array to a GPU, pinned against as it is", bench::measure_gpu,
     bench::has_gpus},
    {"redistribute", "Cutting an array otherwise, against a plain copy, MPI and ScaLAPACK",
     bench::measure_redistribute, on_request},
    {"transpose", "Turning a matrix over, against a plain copy and a loop",
     bench::measure_transpose, on_request},
#ifdef NODESPAN_HAS_LINALG
    {"multiply", "A product of matrices, against one process and ScaLAPACK",
     bench::measure_multiply, on_request},
#endif
#ifdef NODESPAN_HAS_HDF5
    {"files", "Saving and loading arrays, against plain write and read of as many bytes",
     bench::measure_files, on_request},
#endif
};

const std::string scale = "scale"; // compares nothing: no bench_case

std::string footer() {
    std::string text = "Cases:\n";
    for (const bench_case& c : cases) text += fmt::format("  {:<13}{}\n", c.name, c.description);
    text +=
        fmt::format("  {:<13}{}\n", scale, "What a rank of a million knows of the others (alone)");
    return text + R"(
Without --case all of them are run, but transfer only over several nodes, elements, lists, locks,
commands, copies and patches only on one, gpu only where every rank finds one, and files, which
writes gigabytes, redistribute, transpose, multiply and sort, which takes minutes, not at all; nor
scale, which is of one process, has a table of its own, and depends on no number of ranks.

Examples:
  mpirun -n 2 nodespan-bench                     all cases
  mpirun -n 4 nodespan-bench --case fence        one of them
  mpirun -n 2 nodespan-bench --plot ratios.png   all cases, and a picture of them
  mpirun --host a,b nodespan-bench --case transfer
                                                 between two hosts
  mpirun -n 2 nodespan-bench --repeat 501 --json more batches, for programs

Ratios are the reference's time over ours: above 1, nodespan is faster. "ratio" compares medians,
"best" the fastest batches, which other programs on the machine disturb least; "spread" is how far
batches of one side differ. docs/performance.md explains the figures.
Exit codes: 0 good, 1 failed, 2 bad usage.)";
}

std::vector<const bench_case*> chosen(const std::vector<std::string>& names,
                                      const nodespan::team& team) {
    std::vector<const bench_case*> result;
    for (const bench_case& c : cases)
        if (names.empty() ? c.is_for(team) : std::count(names.begin(), names.end(), c.name) > 0)
            result.push_back(&c);
    return result;
}

std::vector<measurement> run(nodespan::team& team, const std::vector<const bench_case*>& wanted,
                             int batches, bool quiet) {
    nodespan::progress shown(team, "bench", static_cast<nodespan::index_t>(wanted.size()),
                             {.unit = "cases", .quiet = quiet});
    std::vector<measurement> results;
    nodespan::index_t done = 0;
    for (const bench_case* const c : wanted) {
        shown.update(done++, c->name);
        const std::vector<measurement> more = c->run(team, batches);
        results.insert(results.end(), more.begin(), more.end());
    }
    shown.update(done);
    return results;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App options("Measures nodespan against what one would use instead, in the same run",
                     "nodespan-bench");
    std::vector<std::string> wanted, names;
    for (const bench_case& c : cases) names.emplace_back(c.name);
    names.push_back(scale);
    int batches = 51;
    std::string picture;
    nodespan::app::output_options output;
    options.add_option("--case", wanted, "Run this case only (below); may be repeated")
        ->type_name("CASE")
        ->check(nodespan::app::one_of(names))
        ->take_all()
        ->allow_extra_args(false);
    nodespan::app::add_number<int>(options, "--repeat", batches, "Timings of each side",
                                   {3, 100'000, "batches"});
    options.add_option("--plot", picture, "Draw the ratios to this PNG file as well (gnuplot)")
        ->type_name("FILE");
    nodespan::app::add_output_options(options, output);
    options.footer(footer());
    options.callback([&] {
        if (wanted.size() > 1 && std::count(wanted.begin(), wanted.end(), scale) > 0)
            throw CLI::ValidationError("--case", "scale has a table of its own: run it alone");
    });
    bench::let_mpi_offer_sm();
    return nodespan::app::run_app(argc, argv, options, [&](nodespan::team& team) {
        using nodespan::app::exit_code;
        nodespan::app::require_writable(
            team, {{"--plot", picture, false, false}, nodespan::app::planned_json(output)});
        const auto print = [&](const auto& text, const auto& json) {
            return nodespan::app::print_results(team, "nodespan-bench", output, text, json);
        };
        if (wanted == std::vector{scale}) {
            exit_code printed = nodespan::app::good;
            if (team.rank() == 0) {
                const bench::scale_figures figures = bench::measure_scale(batches);
                printed = print([&] { return figures.table; }, [&] { return figures.json; });
            }
            team.fence();
            return printed;
        }
        const auto results = run(team, chosen(wanted, team), batches, output.quiet);
        const exit_code printed = print([&] { return bench::to_table(results); },
                                        [&] { return bench::to_json(team, results); });
        nodespan::app::draw_picture(team, "nodespan-bench", output, picture,
                                    [&] { bench::draw_ratios(picture, team, results); });
        return printed;
    });
}
