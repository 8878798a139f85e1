// nodespan-locks: the same array with and without a lock, as multiprocessing.Array has lock=True
// and lock=False. All ranks add to one element, or each to its own: what gets lost, and what a lock
// costs.

#include "app.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace nodespan;

struct arguments {
    index_t adds = 20'000;
    index_t block = 100;
    app::output_options output;
};

struct outcome {
    std::string what;
    bool is_safe = false; // whether nothing may get lost
    index_t adds = 0;     // of each rank
    double seconds = 0;   // for these, of the slowest
    index_t lost = 0;
};

double nanoseconds_an_add(const outcome& one) {
    return 1e9 * one.seconds / static_cast<double>(one.adds);
}

// One more, as a program without locks does it: a look, and a store of what it saw and one. On the
// caller's node by load and store (volatile, or the compiler would add all at once), else by
// messages.
void add_one(array<index_t, 1>& counts, index_t i) {
    if (counts.node_box().contains({i})) {
        volatile index_t& count = counts(i);
        count = count + 1;
    } else {
        counts.put({i}, counts.get({i}) + 1);
    }
}

// Has all ranks do `work(element)`, which adds `adds` to an element, and counts what is missing.
template <class Work>
outcome measure(team& everyone, std::string what, bool is_shared, bool is_safe, index_t adds,
                Work work) {
    array<index_t, 1> counts(everyone,
                             {everyone.size() * 64}); // 64: a line of cache each, and more
    const index_t mine = is_shared ? 0 : everyone.rank() * 64;
    everyone.fence();
    const double start = MPI_Wtime();
    work(counts, mine);
    double seconds = MPI_Wtime() - start;
    all_reduce(everyone, std::span(&seconds, 1), accumulate_op::max);
    counts.fence();
    return {std::move(what), is_safe, adds, seconds, adds * everyone.size() - sum(counts)};
}

std::vector<outcome> run(team& everyone, const arguments& chosen) {
    const index_t adds = chosen.adds, block = chosen.block;
    // Within a node so fast that ranks would be through before they meet.
    const index_t more = everyone.nodes() == 1 ? 500 * adds : adds;
    const auto without = [more](array<index_t, 1>& counts, index_t i) {
        for (index_t k = 0; k < more; ++k) add_one(counts, i);
    };
    const auto locked = [adds](array<index_t, 1>& counts, index_t i) {
        for (index_t k = 0; k < adds; ++k) {
            const std::scoped_lock lock(counts.mutex(counts.owner_node({i})));
            add_one(counts, i);
        }
    };
    const auto locked_in_blocks = [adds, block](array<index_t, 1>& counts, index_t i) {
        for (index_t k = 0; k < adds; k += block) {
            const std::scoped_lock lock(counts.mutex(counts.owner_node({i})));
            for (index_t n = std::min(block, adds - k); n > 0; --n) add_one(counts, i);
        }
    };
    const auto atomic = [adds](array<index_t, 1>& counts, index_t i) {
        for (index_t k = 0; k < adds; ++k) counts.fetch_add({i}, 1);
    };
    const std::string some = fmt::format("a lock for every {}", block);
    return {measure(everyone, "one element, no lock", true, everyone.size() == 1, more, without),
            measure(everyone, "one element, a lock for each", true, true, adds, locked),
            measure(everyone, "one element, " + some, true, true, adds, locked_in_blocks),
            measure(everyone, "one element, fetch_add", true, true, adds, atomic),
            measure(everyone, "an element each, no lock", false, true, more, without),
            measure(everyone, "an element each, a lock for each", false, true, adds, locked),
            measure(everyone, "an element each, " + some, false, true, adds, locked_in_blocks)};
}

std::string to_text(const team& everyone, const std::vector<outcome>& results) {
    std::string text =
        fmt::format("{} add{} 1 again and again\n\n{:<38}{:>14}{:>12}{:>14}\n",
                    app::size_text(everyone.size(), everyone.nodes()),
                    everyone.size() == 1 ? "s" : "", "", "adds of each", "ns an add", "lost");
    for (const outcome& one : results)
        text += fmt::format("{:<38}{:>14}{:>12.1f}{:>14}\n", one.what, one.adds,
                            nanoseconds_an_add(one), one.lost);
    return text;
}

std::string to_json(const team& everyone, const arguments& chosen,
                    const std::vector<outcome>& results) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const outcome& one : results)
        list.push_back({{"what", one.what},
                        {"safe", one.is_safe},
                        {"adds", one.adds},
                        {"nanoseconds", nanoseconds_an_add(one)},
                        {"lost", one.lost}});
    return nlohmann::ordered_json{{"program", "nodespan-locks"},
                                  {"ranks", everyone.size()},
                                  {"nodes", everyone.nodes()},
                                  {"block", chosen.block},
                                  {"results", list}}
               .dump(2) +
           "\n";
}

int body(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    const std::vector<outcome> results = run(everyone, chosen);
    const app::exit_code printed = app::print_results(
        everyone, "nodespan-locks", chosen.output, [&] { return to_text(everyone, results); },
        [&] { return to_json(everyone, chosen, results); });
    const auto is_good = [](const outcome& one) { return !one.is_safe || one.lost == 0; };
    return std::all_of(results.begin(), results.end(), is_good) ? printed : app::failed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Adds to an array from all ranks at once, with and without a lock: what gets "
                     "lost, and\nwhat a lock costs.",
                     "nodespan-locks");
    app::add_number<index_t>(options, "--adds", chosen.adds,
                             "How often each rank adds under locks; without, 500 times as often",
                             {1, index_t{1} << 40, "adds"});
    app::add_number<index_t>(options, "--block", chosen.block,
                             "Under one lock, where a lock is for many",
                             {1, index_t{1} << 40, "adds"});
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 2 nodespan-locks\n"
        "  mpirun -n 4 nodespan-locks --adds 100000 --block 1000\n"
        "  NODESPAN_RANKS_PER_NODE=1 mpirun -n 2 nodespan-locks --adds 2000   over two nodes\n\n"
        "Exit codes: 0 good, 1 something was lost that must not be, 2 bad usage.");
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
