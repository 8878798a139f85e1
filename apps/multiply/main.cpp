// nodespan-multiply: the product of two matrices over all ranks, its rate, what crossed between
// nodes, and a check by random vectors, which costs little beside the product.

#include "app.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/multiply.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace nodespan;

struct arguments {
    index_t size = 1024;
    int repeat = 3;
    int checks = 2;
    bool grid = false;
    app::output_options output;
};

struct outcome {
    double seconds = 0;
    index_t moved_bytes = 0; // between nodes, by all of them
    index_t least_bytes = 0;
    double error = 0; // the largest of the checks, over what rounding allows
};

// An element that anybody can compute from its indices: between -0.5 and 0.5.
double element(std::uint64_t seed, index_t i, index_t j) {
    std::uint64_t x = seed + static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15ULL +
                      static_cast<std::uint64_t>(j) * 0xC2B2AE3D27D4EB4FULL;
    x = (x ^ (x >> 31)) * 0xBF58476D1CE4E5B9ULL;
    x ^= x >> 29;
    return static_cast<double>(x >> 11) * 0x1p-53 - 0.5;
}

// The node grid nearest to a square: it has least to fetch.
distribution_options cut_of(const team& everyone, bool is_grid) {
    int rows = everyone.nodes();
    if (is_grid)
        for (rows = static_cast<int>(std::sqrt(everyone.nodes())); everyone.nodes() % rows != 0;)
            --rows;
    return {.node_grid = {rows, everyone.nodes() / rows}};
}

void set(array<double, 2>& field, std::uint64_t seed) {
    for_each(field, [&](const indices<2>& at, double& x) { x = element(seed, at[0], at[1]); });
}

// field * x, on all ranks.
std::vector<double> times(const array<double, 2>& field, const std::vector<double>& x) {
    std::vector<double> result(static_cast<std::size_t>(field.extent(0)));
    for_each(field, [&](const indices<2>& at, const double& value) {
        result[static_cast<std::size_t>(at[0])] += value * x[static_cast<std::size_t>(at[1])];
    });
    all_reduce(field.get_team(), result);
    return result;
}

// Freivalds: c x is a (b x) for a random x of -1 and 1; a wrong product passes with probability 1/2
// at most. The difference, over what rounding could make of it.
double check(const array<double, 2>& a, const array<double, 2>& b, const array<double, 2>& c,
             std::uint64_t seed) {
    std::vector<double> x(static_cast<std::size_t>(c.extent(1)));
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = element(seed, static_cast<index_t>(i), 1) < 0 ? -1 : 1;
    const std::vector<double> left = times(c, x), right = times(a, times(b, x));
    const auto n = static_cast<double>(x.size());
    double worst = 0;
    for (std::size_t i = 0; i < left.size(); ++i)
        worst = std::max(worst, std::abs(left[i] - right[i]) / (n * n * 0x1p-52));
    return worst;
}

// What nodes have to fetch at least where each computes an equal part of c: no piece of c has a
// shorter edge than a square.
index_t least_bytes(const team& everyone, index_t n) {
    const double p = everyone.nodes(), elements = static_cast<double>(n) * static_cast<double>(n);
    return static_cast<index_t>(std::max(0.0, 2 * elements * (std::sqrt(p) - 1)) * sizeof(double));
}

outcome measure(team& everyone, const arguments& chosen) {
    const index_t n = chosen.size;
    const array_options how{.distribution = cut_of(everyone, chosen.grid)};
    array<double, 2> a(everyone, {n, n}, how), b(everyone, {n, n}, how), c(everyone, {n, n}, how);
    set(a, 1);
    set(b, 2);
    outcome result;
    for (int run = 0; run < chosen.repeat; ++run) {
        multiply_traffic traffic;
        everyone.fence();
        const auto begin = std::chrono::steady_clock::now();
        multiply(a, b, c, 1, 0, matrix_op::as_is, matrix_op::as_is, &traffic);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        const double seconds = all_reduce(everyone, took.count(), accumulate_op::max);
        result.seconds = run == 0 ? seconds : std::min(result.seconds, seconds);
        result.moved_bytes = all_reduce(everyone, traffic.received_bytes);
    }
    result.least_bytes = least_bytes(everyone, n);
    for (int k = 0; k < chosen.checks; ++k)
        result.error = std::max(result.error, check(a, b, c, static_cast<std::uint64_t>(k) + 3));
    everyone.fence();
    return result;
}

double gflops(const arguments& chosen, const outcome& o) {
    const auto n = static_cast<double>(chosen.size);
    return 2 * n * n * n / o.seconds / 1e9;
}

std::string json_of(const team& everyone, const arguments& chosen, const outcome& o) {
    return nlohmann::ordered_json{{"size", chosen.size},
                                  {"ranks", everyone.size()},
                                  {"nodes", everyone.nodes()},
                                  {"library", multiply_backend()},
                                  {"seconds", o.seconds},
                                  {"gflops", gflops(chosen, o)},
                                  {"moved_bytes", o.moved_bytes},
                                  {"least_bytes", o.least_bytes},
                                  {"error", o.error}}
               .dump(2) +
           "\n";
}

std::string text_of(const team& everyone, const arguments& chosen, const outcome& o) {
    return fmt::format(
        "{0} x {0} doubles on {1}, by {2}\n"
        "{3:.4g} s, {4:.4g} GFLOP/s\n"
        "{5:.4g} MiB moved between nodes; no way to give each node an equal square "
        "of c moves less than {6:.4g}\n"
        "{7}: {8}, the largest difference is {9:.2g} of what "
        "rounding allows\n",
        chosen.size, app::size_text(everyone.size(), everyone.nodes()), multiply_backend(),
        o.seconds, gflops(chosen, o), static_cast<double>(o.moved_bytes) / 1048576.0,
        static_cast<double>(o.least_bytes) / 1048576.0,
        app::count_of(chosen.checks, "random vector"), o.error <= 1 ? "right" : "WRONG", o.error);
}

int run(team& everyone, const arguments& chosen) {
    app::require_writable(everyone, {app::planned_json(chosen.output)});
    const outcome result = measure(everyone, chosen);
    app::exit_code printed = app::good;
    if (everyone.rank() == 0)
        printed = app::print_results(
            everyone, "nodespan-multiply", chosen.output,
            [&] { return text_of(everyone, chosen, result); },
            [&] { return json_of(everyone, chosen, result); });
    return result.error <= 1 ? printed : app::failed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Multiplies two matrices of doubles over all ranks: how fast, what crossed "
                     "between nodes,\nand whether it is right.",
                     "nodespan-multiply");
    app::add_number<index_t>(options, "--size", chosen.size, "Rows and columns of the matrices",
                             {1, index_t{1} << 20});
    app::add_number<int>(options, "--repeat", chosen.repeat, "Products; the fastest is told",
                         {1, 1000, "products"});
    app::add_number<int>(options, "--checks", chosen.checks,
                         "Random vectors with which the last is checked", {0, 100, "vectors"});
    options.add_flag("--grid", chosen.grid, "Cut over a grid of nodes, not by rows alone");
    app::add_output_options(options, chosen.output);
    options.footer("Examples:\n"
                   "  mpirun -n 2 nodespan-multiply --size 4096\n"
                   "  mpirun --host a,b nodespan-multiply --grid --json\n\n"
                   "Exit codes: 0 good, 1 failed or a wrong product, 2 bad usage.");
    return app::run_app(argc, argv, options, [&](team& everyone) { return run(everyone, chosen); });
}
