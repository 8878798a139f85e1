// nodespan-threads: one rank on each core, or one rank on each node with a thread on each core? The
// same smoothing of a field both ways, in one run. Threads use their rank's views as ranks use
// those of their node; only the main thread makes calls, so MPI_THREAD_FUNNELED will do.

#include "app.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <exception>
#include <sched.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;

struct arguments {
    index_t size = 1000;
    int sweeps = 200;
    int repeat = 5;
    app::output_options output;
};

struct outcome {
    int ranks = 0, threads = 0; // of all, of each rank
    double seconds = 0;         // a sweep, median
    double sum = 0;             // of the field at the end
};

// The rows of one of `parts` parts of this rank's box: each element becomes the mean of its four
// neighbours. Elements of other ranks of the node are read where they are, those of other nodes as
// ghosts.
void smooth(const array<double, 2>& from, array<double, 2>& to, int part, int parts) {
    const auto around = from.local_with_ghosts();
    const auto mine = to.local();
    const index_t rows = mine.extent(0), columns = mine.extent(1);
    for (index_t i = rows * part / parts; i < rows * (part + 1) / parts; ++i) {
        const double *const above = &around(i, 1), *const here = &around(i + 1, 1),
                            *const below = &around(i + 2, 1);
        double* const out = &mine(i, 0);
        for (index_t j = 0; j < columns; ++j)
            out[j] = 0.25 * (above[j] + below[j] + here[j - 1] + here[j + 1]);
    }
}

// Sweeps there and back with so many threads in each rank. A failure of the main thread's calls is
// thrown when the others have stopped.
void sweep(array<double, 2>& field, array<double, 2>& other, int sweeps, int threads) {
    std::barrier meeting(threads);
    std::exception_ptr failure;
    const auto work = [&](int thread) {
        for (int k = 0; k < sweeps && !failure; ++k) {
            array<double, 2>& to = k % 2 == 0 ? other : field;
            smooth(k % 2 == 0 ? field : other, to, thread, threads);
            meeting.arrive_and_wait();
            if (thread == 0) try {
                    to.exchange_ghosts(); // a fence of the node, too
                } catch (...) {
                    failure = std::current_exception();
                }
            meeting.arrive_and_wait();
        }
    };
    {
        std::vector<std::jthread> others;
        for (int k = 1; k < threads; ++k) others.emplace_back(work, k);
        work(0);
    }
    if (failure) std::rethrow_exception(failure);
}

outcome measure(team& ranks, const arguments& chosen, int threads) {
    array_options options;
    options.ghosts.width = {1, 1};
    array<double, 2> field(ranks, {chosen.size, chosen.size}, options);
    array<double, 2> other(ranks, {chosen.size, chosen.size}, options);
    std::vector<double> seconds;
    outcome result{ranks.size(), threads, 0, 0};
    for (int k = 0; k < chosen.repeat; ++k) {
        for_each(field, [](const indices<2>& at, double& x) {
            x = static_cast<double>((7 * at[0] + 3 * at[1]) % 11);
        });
        field.exchange_ghosts();
        const double start = MPI_Wtime();
        sweep(field, other, chosen.sweeps, threads);
        seconds.push_back(all_reduce(ranks, MPI_Wtime() - start, accumulate_op::max));
        result.sum = sum(chosen.sweeps % 2 == 0 ? field : other);
    }
    std::ranges::nth_element(seconds, seconds.begin() + chosen.repeat / 2);
    result.seconds = seconds[static_cast<std::size_t>(chosen.repeat / 2)] / chosen.sweeps;
    return result;
}

// Cores that this process may use: mpirun binds ranks to one core each unless told otherwise.
int cores() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

std::string to_text(const std::vector<outcome>& results) {
    std::string text =
        fmt::format("{:>8}{:>22}{:>16}\n", "ranks", "threads of each rank", "us a sweep");
    for (const outcome& one : results)
        text += fmt::format("{:>8}{:>22}{:>16.1f}\n", one.ranks, one.threads, 1e6 * one.seconds);
    return text;
}

std::string to_json(const arguments& chosen, const std::vector<outcome>& results) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const outcome& one : results)
        list.push_back({{"ranks", one.ranks},
                        {"threads", one.threads},
                        {"seconds_a_sweep", one.seconds},
                        {"sum", one.sum}});
    return nlohmann::ordered_json{
               {"program", "nodespan-threads"}, {"size", chosen.size}, {"results", list}}
               .dump(2) +
           "\n";
}

int body(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    const outcome by_ranks = measure(everyone, chosen, 1);
    // Those who are not first on their node sleep in the fence below.
    team part = everyone.split(everyone.is_leader() ? 0 : 1);
    outcome by_threads;
    if (everyone.is_leader()) by_threads = measure(part, chosen, everyone.node_size());
    everyone.fence();
    if (everyone.rank() != 0) return app::good;
    const bool is_bound = everyone.node_size() > cores() && cores() < sysconf(_SC_NPROCESSORS_ONLN);
    if (is_bound && !chosen.output.quiet)
        fmt::print(stderr,
                   "nodespan-threads: {} share {}; mpirun --bind-to none lets a rank use more\n",
                   app::count_of(everyone.node_size(), "thread"), app::count_of(cores(), "core"));
    const std::vector results{by_ranks, by_threads};
    const app::exit_code printed = app::print_results(
        everyone, "nodespan-threads", chosen.output, [&] { return to_text(results); },
        [&] { return to_json(chosen, results); });
    const bool is_same = std::abs(by_ranks.sum - by_threads.sum) <= 1e-9 * std::abs(by_ranks.sum);
    if (!is_same) fmt::print(stderr, "nodespan-threads: the results differ\n");
    return is_same ? printed : app::failed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Smooths a field with one rank on each core, then with one rank on each node "
                     "and as many\nthreads in it; compares time and result.",
                     "nodespan-threads");
    app::add_number<index_t>(options, "--size", chosen.size, "Rows, and as many columns",
                             {1, index_t{1} << 30, "rows"});
    app::add_number<int>(options, "--sweeps", chosen.sweeps, "To be timed together",
                         {1, 1 << 30, "sweeps"});
    app::add_number<int>(options, "--repeat", chosen.repeat, "Of which the median counts",
                         {1, 10'000, "timings"});
    app::add_output_options(options, chosen.output);
    options.footer("Examples:\n"
                   "  mpirun -n 4 --bind-to none nodespan-threads\n"
                   "  mpirun -n 4 --bind-to none nodespan-threads --size 4000 --sweeps 20\n"
                   "  NODESPAN_RANKS_PER_NODE=2 mpirun -n 4 --bind-to none nodespan-threads\n\n"
                   "Exit codes: 0 good, 1 failed or the results differ, 2 bad usage.");
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
