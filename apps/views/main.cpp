// nodespan-views: data that a program has already becomes an array of all ranks, and comes back.
// What ndarray_to_shm, shm_as_ndarray, empty_shared_array and emptylike_shared_array do in recipes
// for Python's multiprocessing; as there, the elements' type is known by its name.

#include "app.hpp"
#include "numpy_text.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace nodespan;

struct arguments {
    index_t rows = 4, columns = 6;
    std::string type = "float64", order = "row";
    app::output_options output;
};

// Calls f(i, j, element) for this rank's own elements, which are plain memory: no call, no copy.
template <class Array, class F>
void for_mine(Array& numbers, F&& f) {
    const auto mine = numbers.local();
    const auto first = numbers.rank_box().lo;
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < mine.extent(1); ++j) f(first[0] + i, first[1] + j, mine(i, j));
}

// What the element at (i, j) is at first: 0, 1, 2, ..., as far as the type goes.
template <class T>
T number_at(const arguments& chosen, index_t i, index_t j) {
    return static_cast<T>(i * chosen.columns + j);
}

template <class T, class Layout>
int run(team& everyone, const arguments& chosen) {
    // A buffer of rank 0's own, such as another library hands out, and a view of what is in it.
    const bool is_first = everyone.rank() == 0;
    std::vector<T> buffer(static_cast<std::size_t>(is_first ? chosen.rows * chosen.columns : 0));
    const view<T, 2, Layout> data(buffer.data(), {is_first ? chosen.rows : 0, chosen.columns});
    for (index_t i = 0; i < data.extent(0); ++i)
        for (index_t j = 0; j < data.extent(1); ++j) data(i, j) = number_at<T>(chosen, i, j);

    // ndarray_to_shm: one copy, for all ranks, in the order of the view.
    auto numbers = array_from_root(everyone, data);

    // shm_as_ndarray: each rank has views of what its node holds. Here all change their share.
    for_mine(numbers, [](index_t, index_t, T& x) { x = static_cast<T>(x + x); });

    // emptylike_shared_array: the same extents, cut and order; here with elements of another type.
    auto halves = empty_like<double>(numbers);
    for_mine(halves, [&](index_t i, index_t j, double& half) {
        half = static_cast<double>(numbers(i, j)) / 2;
    });

    // empty_shared_array: nothing is written to it before the program does.
    array<index_t, 1> wrong(everyone, {everyone.size()}, {.zeroed = false});
    wrong.put({everyone.rank()}, 0);
    for_mine(halves, [&](index_t i, index_t j, double half) {
        const T twice = static_cast<T>(number_at<T>(chosen, i, j) + number_at<T>(chosen, i, j));
        wrong(everyone.rank()) += half != static_cast<double>(twice) / 2;
    });
    everyone.fence();

    // And back into the buffer: rank 0 takes what all have changed, from all nodes.
    if (is_first) numbers.get({{}, numbers.extents()}, data);
    const index_t failures = sum(wrong);
    app::exit_code printed = app::good;
    if (is_first) {
        const std::string text = app::numpy_text(numbers);
        printed = app::print_results(
            everyone, "nodespan-views", chosen.output, [&] { return text + "\n"; },
            [&] {
                return nlohmann::ordered_json{{"type", chosen.type},
                                              {"order", chosen.order},
                                              {"array", text},
                                              {"in_memory", buffer},
                                              {"wrong_elements", failures}}
                           .dump(2) +
                       "\n";
            });
        if (failures != 0) fmt::print(stderr, "nodespan-views: {} wrong elements\n", failures);
    }
    everyone.fence(); // nobody ends the arrays while they are fetched
    return failures == 0 ? printed : app::failed;
}

const std::vector<std::string> types = {"float64", "float32", "int64",  "int32",  "int16",
                                        "int8",    "uint64",  "uint32", "uint16", "uint8"};

int run(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    return visit(*find_dtype(chosen.type), [&]<class T>(std::type_identity<T>) -> int {
        if constexpr (array<T, 2>::is_addable)
            return chosen.order == "row" ? run<T, row_major>(everyone, chosen)
                                         : run<T, column_major>(everyone, chosen);
        return app::failed; // no such name is among the types
    });
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Makes an array of all ranks from a buffer that rank 0 has, doubles it in "
                     "place by all ranks,\nmakes one like it, and takes the buffer back.",
                     "nodespan-views");
    constexpr index_t most = index_t{1} << 30;
    app::add_number<index_t>(options, "--rows", chosen.rows, "Height of the array",
                             {1, most, "rows"});
    app::add_number<index_t>(options, "--columns", chosen.columns, "Width of the array",
                             {1, most, "columns"});
    options.add_option("--type", chosen.type, "Of the elements, in NumPy's words")
        ->type_name(app::choice_text(types))
        ->check(app::one_of(types))
        ->capture_default_str();
    options
        .add_option("--order", chosen.order,
                    "Which elements are neighbours in memory, those of a row or of a column")
        ->type_name(app::choice_text({"row", "column"}))
        ->check(app::one_of({"row", "column"}))
        ->capture_default_str();
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 4 nodespan-views\n"
        "  mpirun -n 4 nodespan-views --type int16 --order column --json\n"
        "  NODESPAN_RANKS_PER_NODE=1 mpirun -n 2 nodespan-views --rows 3 --type uint8\n\n"
        "Exit codes: 0 good, 1 failed or wrong elements, 2 bad usage.");
    return app::run_app(argc, argv, options, [&](team& everyone) { return run(everyone, chosen); });
}
