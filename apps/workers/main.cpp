// nodespan-workers: one rank gives commands, the others are workers that fill an array for it. As
// in an answer of a Python forum that did so with sharedmem and a JoinableQueue: the array is never
// sent, and the queue carries the commands alone.

#include "app.hpp"
#include "numpy_text.hpp"
#include "results.hpp"
#include "standard_output.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace {

using namespace nodespan;

struct arguments {
    index_t size = 10;
    int commands = 3;
    unsigned seed = std::random_device()();
    app::output_options output;
};

enum class command : char { data, done };

// What the ranks of the node share.
struct workplace {
    explicit workplace(team& everyone, index_t size)
        : commands(everyone),
          drawn(everyone),
          arr(everyone, {size}, {.name = "arr"}) {}

    queue<command> commands;
    queue<int> drawn; // what workers tell: mpirun would mix the lines that they print themselves
    array<std::uint8_t, 1> arr;
};

// Does what the next command says; false after the last.
bool work(workplace& here, std::mt19937& random) {
    const auto what = here.commands.get();
    if (!what) return false; // closed
    if (what == command::data) {
        // Made-up data. In real life, get them from an instrument.
        const int rnd = std::uniform_int_distribution(0, 99)(random);
        std::ranges::fill(here.arr.node(), static_cast<std::uint8_t>(rnd));
        here.drawn.put(rnd);
    }
    here.commands.task_done();
    return what != command::done;
}

// Gives the commands; how many elements were not what the worker said.
index_t lead(workplace& here, int workers, const arguments& chosen, std::mt19937& random) {
    index_t wrong = 0;
    const bool prints_at_once = !chosen.output.json || !chosen.output.json_file.empty();
    auto rounds = nlohmann::ordered_json::array();
    for (int i = 0; i < chosen.commands; ++i) {
        here.commands.put(command::data);
        if (workers == 0) work(here, random); // without mpirun the only rank does it all
        here.commands.join();                 // wait for the computation to finish
        const int rnd = here.drawn.get().value();
        const std::string text = app::numpy_text(here.arr);
        rounds.push_back({{"rnd", rnd}, {"shape", {here.arr.size()}}, {"array", text}});
        if (prints_at_once)
            app::print(fmt::format("rnd={}\n({},)\n{}\n", rnd, here.arr.size(), text));
        wrong += here.arr.size() - std::ranges::count(here.arr.node(), rnd);
    }
    for (int worker = 0; worker < workers; ++worker) here.commands.put(command::done);
    const auto json = [&] { return rounds.dump(2) + "\n"; };
    const auto printed_already = [] { return std::string(); };
    if (app::print_results(here.arr.get_team(), "nodespan-workers", chosen.output, printed_already,
                           json) != app::good)
        ++wrong;
    return wrong;
}

int run(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    workplace here(everyone, chosen.size);
    std::mt19937 random(chosen.seed + static_cast<unsigned>(everyone.rank()));
    index_t wrong = 0;
    if (everyone.rank() == 0) {
        wrong = lead(here, everyone.size() - 1, chosen, random);
        if (wrong != 0) fmt::print(stderr, "nodespan-workers: {} wrong elements\n", wrong);
    } else {
        while (work(here, random)) continue;
    }
    return all_reduce(everyone, wrong) == 0 ? app::good : app::failed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("One rank gives commands to workers, which fill an array in the memory that "
                     "they share. Prints\nwhat a worker drew, the array's shape, and the array, "
                     "as NumPy does.",
                     "nodespan-workers");
    app::add_number<index_t>(options, "--size", chosen.size, "Length of the array",
                             {1, index_t{1} << 40, "elements"});
    app::add_number<int>(options, "--commands", chosen.commands, "To fill it",
                         {1, 1'000'000, "commands"});
    options
        .add_option("--seed", chosen.seed,
                    "For the same numbers in each run of one worker, a whole number")
        ->type_name("NUMBER");
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 2 nodespan-workers\n"
        "  mpirun -n 4 nodespan-workers --size 2000 --commands 10 --seed 1\n\n"
        "A queue lies in the memory of one node. Over several nodes make one on each, on\n"
        "team(everyone.node_comm()), or let a shared counter deal the work out:\n"
        "  nodespan::work_share(everyone, {{0}, {tasks}}, 1, [&](index_t task) { ... });\n"
        "nodespan-populate does so.\n\n"
        "Exit codes: 0 good, 1 failed or wrong elements, 2 bad usage.");
    return app::run_app(argc, argv, options, [&](team& everyone) { return run(everyone, chosen); });
}
