// nodespan-populate: an array that all ranks fill, block by block, whoever is free. Each row gets
// the number of the row its block begins with, as in a post of 2014 that did so with Python's
// multiprocessing and ctypes. Nothing is sent: the rows are the node's memory, and every rank
// writes them there.

#include "app.hpp"
#include "numpy_text.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace nodespan;

struct arguments {
    index_t size = 2000, columns = 10, block_size = 100;
    std::string type = "float64";
    app::output_options output;
};

// Fills the rows of one block. Those of this node are written in place; should some lie on another
// node, they are sent there.
template <class T>
void populate(array<T, 2>& numbers, const box<1>& block) {
    const index_t columns = numbers.extent(1), first_here = numbers.node_box().lo[0];
    const auto offset = static_cast<T>(block.lo[0]); // wraps where T is small, as NumPy does
    for (index_t row = block.lo[0]; row < block.hi[0]; ++row)
        if (numbers.node_box().contains({row, 0}))
            for (T& x : numbers.node().row(row - first_here)) x = offset;
        else
            numbers.put({{row, 0}, {row + 1, columns}},
                        std::vector<T>(static_cast<std::size_t>(columns), offset));
}

// How many elements of this rank's own share are not what they should be.
template <class T>
index_t count_wrong(const array<T, 2>& numbers, index_t block_size) {
    index_t wrong = 0;
    const index_t first = numbers.rank_box().lo[0];
    for (index_t i = 0; i < numbers.local().extent(0); ++i) {
        const auto expected = static_cast<T>((first + i) / block_size * block_size);
        for (const T x : numbers.local().row(i)) wrong += x != expected;
    }
    return wrong;
}

std::string to_json(const team& everyone, const arguments& chosen, const std::string& text,
                    const std::vector<index_t>& offsets, index_t wrong) {
    return nlohmann::ordered_json{
        {"size", chosen.size}, {"columns", chosen.columns}, {"block_size", chosen.block_size},
        {"type", chosen.type}, {"ranks", everyone.size()},  {"nodes", everyone.nodes()},
        {"array", text},       {"offsets", offsets},        {"wrong_elements", wrong}}
        .dump(2);
}

template <class T>
int run(team& everyone, const arguments& chosen) {
    const index_t blocks = (chosen.size - 1) / chosen.block_size + 1;
    array<T, 2> numbers(everyone, {chosen.size, chosen.columns}, {.name = "numbers"});
    array<index_t, 1> done(everyone, {blocks}, {.name = "done"});
    fill(done, index_t{-1});

    // Whoever is free takes the next block, and notes its offset at the block's place: so the list
    // is in order, whoever did what, and when. The end of work_share is a fence.
    work_share(everyone, {{0}, {chosen.size}}, chosen.block_size, [&](const box<1>& block) {
        populate(numbers, block);
        done.put({block.lo[0] / chosen.block_size}, block.lo[0]);
    });

    index_t wrong = count_wrong(numbers, chosen.block_size);
    for (index_t i = 0; i < done.local().extent(0); ++i)
        wrong += done.local()(i) != (done.rank_box().lo[0] + i) * chosen.block_size;
    wrong = all_reduce(everyone, wrong);

    app::exit_code printed = app::good;
    if (everyone.rank() == 0) {
        std::vector<index_t> offsets(static_cast<std::size_t>(blocks));
        done.get({{0}, {blocks}}, offsets);
        const std::string text = app::numpy_text(numbers);
        printed = app::print_results(
            everyone, "nodespan-populate", chosen.output,
            [&] { return fmt::format("{}\n[{}]\n", text, fmt::join(offsets, ", ")); },
            [&] { return to_json(everyone, chosen, text, offsets, wrong) + "\n"; });
        if (wrong != 0) fmt::print(stderr, "nodespan-populate: {} wrong elements\n", wrong);
    }
    everyone.fence(); // nobody ends the arrays while they are fetched
    return wrong == 0 ? printed : app::failed;
}

// The elements' type is a name that is read when the program runs.
const std::vector<std::string> types = {"float64", "float32", "int64",  "int32",  "int16",
                                        "int8",    "uint64",  "uint32", "uint16", "uint8"};

int run(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    return visit(*find_dtype(chosen.type), [&]<class T>(std::type_identity<T>) -> int {
        if constexpr (array<T, 2>::is_addable) return run<T>(everyone, chosen);
        return app::failed; // no such name is among the types
    });
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Fills an array in blocks, each by whichever rank is free; prints it as NumPy "
                     "does, and the\nblocks' offsets; checks every element.",
                     "nodespan-populate");
    constexpr index_t most = index_t{1} << 40;
    app::add_number<index_t>(options, "--size", chosen.size, "Height of the array",
                             {1, most, "rows"});
    app::add_number<index_t>(options, "--columns", chosen.columns, "Width of the array",
                             {1, most, "columns"});
    app::add_number<index_t>(options, "--block-size", chosen.block_size, "Height of a block",
                             {1, most, "rows"});
    options.add_option("--type", chosen.type, "Of the elements, in NumPy's words")
        ->type_name(app::choice_text(types))
        ->check(app::one_of(types))
        ->capture_default_str();
    app::add_output_options(options, chosen.output);
    options.footer("Examples:\n"
                   "  mpirun -n 4 nodespan-populate\n"
                   "  mpirun -n 2 nodespan-populate --size 7 --block-size 3 --type uint8\n"
                   "  NODESPAN_RANKS_PER_NODE=1 mpirun -n 4 nodespan-populate --json\n\n"
                   "Exit codes: 0 good, 1 failed or wrong elements, 2 bad usage.");
    return app::run_app(argc, argv, options, [&](team& everyone) { return run(everyone, chosen); });
}
