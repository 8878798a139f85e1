// nodespan-heat: the heat equation in two dimensions over the ranks of a team. Inside a node every
// rank reads its neighbours' rows where they lie; ghosts travel between nodes alone. The result is
// checked against solutions known in closed form and, if wished, against plain MPI.

#include "app.hpp"
#include "layout.hpp"
#include "outcome.hpp"
#include "reference.hpp"
#include "results.hpp"
#include "saving_options.hpp"
#include "solver.hpp"
#include "usage.hpp"
#include "xdmf.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>

namespace {

using namespace nodespan;
using namespace nodespan::heat;

struct arguments {
    problem what;
    std::vector<index_t> size = {512};
    index_t steps = 1000;
    std::string layout = "rows";
    std::string plot;
    std::string save;
    app::run_control_options checkpoints;
    app::output_options output;
    bool reference = false;
};

void add_options(CLI::App& options, arguments& chosen) {
    app::add_number<index_t>(options, "--size", chosen.size,
                             "Points: one number, or rows and columns (300x200)",
                             {3, index_t{1} << 31, "points each"})
        ->expected(1, 2)
        ->delimiter('x')
        ->default_str("512");
    app::add_number<index_t>(options, "--steps", chosen.steps, "Steps in time",
                             {1, index_t{1} << 40, "steps"});
    app::add_number<double>(options, "--dt", chosen.what.dt,
                            "Length of a step, in (side of the square)^2 / diffusivity; 0: 0.8 of "
                            "the longest stable one",
                            {0, std::numeric_limits<double>::max()});
    options
        .add_option("--layout", chosen.layout,
                    "How points are cut over nodes: rows, blocks, or a grid of them such as 2x3")
        ->type_name("LAYOUT")
        ->check(complaint_about)
        ->capture_default_str();
    options.add_flag("--periodic", chosen.what.is_periodic, "Close the square on itself");
    options.add_flag("--reference", chosen.reference,
                     "Do the same with one box a rank and Isend/Irecv, and compare");
    options.add_option("--plot", chosen.plot, "Draw the field into this PNG file")
        ->type_name("FILE");
    add_saving_file_option(options, chosen.save);
    app::add_saving_options(options, chosen.checkpoints, "steps", 1000);
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 4 nodespan-heat --plot heat.png\n"
        "  mpirun -n 2 nodespan-heat --size 2048 --steps 200 --reference\n"
        "  NODESPAN_RANKS_PER_NODE=1 mpirun -n 4 nodespan-heat --layout 2x2 --periodic --json\n"
        "  mpirun -n 4 nodespan-heat --steps 100000 --checkpoint run7 --every 5000 --resume\n"
        "  mpirun -n 4 nodespan-heat --save heat.h5     and open heat.xdmf in ParaView\n\n"
        "The field does not depend on the number of ranks, nodes, or the layout.\n"
        "Exit codes: 0 good, 1 failed or a wrong result, 2 bad usage, 85 stopped by SIGUSR1 after\n"
        "a checkpoint.");
}

// The field with at most about 800 points along each direction, fetched by one rank.
picture thin_out(array<double, 2>& field) {
    const index_t step = (std::max(field.extent(0), field.extent(1)) + 799) / 800;
    picture result;
    std::vector<double> row(static_cast<std::size_t>(field.extent(1)));
    for (index_t i = 0; i < field.extent(0); i += step, ++result.rows) {
        field.get({{i, 0}, {i + 1, field.extent(1)}}, row);
        for (index_t j = 0; j < field.extent(1); j += step)
            result.values.push_back(row[static_cast<std::size_t>(j)]);
    }
    result.columns = static_cast<index_t>(result.values.size()) / result.rows;
    return result;
}

std::uint64_t hash_of(index_t i, index_t j, double x) {
    std::size_t seed = std::bit_cast<std::uint64_t>(x);
    boost::hash_combine(seed, i);
    boost::hash_combine(seed, j);
    return seed;
}

// Compares the field with both solutions, and adds up the hashes of its elements.
void check(team& everyone, array<double, 2>& field, outcome& result) {
    const problem& p = result.what;
    const std::vector<double> scheme = scheme_amplitudes(p, result.steps);
    const std::vector<double> exact = exact_amplitudes(p, result.steps);
    const view<const double, 2> mine = std::as_const(field).local();
    const box<2> where = field.rank_box();
    double errors[2] = {0, 0};
    std::uint64_t hash = 0;
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < mine.extent(1); ++j) {
            const index_t row = where.lo[0] + i, column = where.lo[1] + j;
            const double x = mine(i, j);
            // Written so that a value that is no number counts as a large error.
            const auto add = [&](double& largest, const std::vector<double>& amplitudes) {
                const double e = std::abs(x - value(p, amplitudes, row, column));
                if (!(e <= largest)) largest = std::isnan(e) ? INFINITY : e;
            };
            add(errors[0], scheme);
            add(errors[1], exact);
            hash += hash_of(row, column, x);
        }
    result.scheme_error = all_reduce(everyone, errors[0], accumulate_op::max);
    result.equation_error = all_reduce(everyone, errors[1], accumulate_op::max);
    result.hash = all_reduce(everyone, hash);
    // Each step rounds some times in units of 2^-53, and the scheme does not let errors grow.
    result.scheme_tolerance = 1e-15 * (10 + static_cast<double>(result.steps));
}

bool is_equal(team& everyone, array<double, 2>& field, const reference_solver& other) {
    const view<const double, 2> mine = std::as_const(field).local();
    bool same = true;
    for (index_t i = 0; i < mine.extent(0); ++i)
        same &= std::equal(mine.row(i).begin(), mine.row(i).end(), other.row(i));
    return all_reduce(everyone, same ? 1 : 0, accumulate_op::min) != 0;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

// Seconds a step, of `steps` steps that all ranks begin and end together.
template <class Solver>
double time_steps(team& everyone, Solver& solver, index_t steps) {
    everyone.fence();
    const double start = MPI_Wtime();
    for (index_t k = 0; k < steps; ++k) solver.step();
    everyone.fence();
    return (MPI_Wtime() - start) / static_cast<double>(steps);
}

// Seconds a step, of each time that several were taken together, and how many there were in all.
struct timing {
    std::vector<double> ours, theirs;
    index_t done = 0;
};

// Steps from `first` to the end, or until the run must stop, with checkpoints on the way.
timing step_on(team& everyone, const arguments& chosen, index_t first, solver& ours,
               std::optional<reference_solver>& theirs, app::run_control& control) {
    timing result{{}, {}, first};
    progress shown(everyone, "heat", chosen.steps,
                   {.unit = "steps", .begin = first, .quiet = chosen.output.quiet});
    const auto add_field = [&] { // the solver takes two in turns
        control.add("temperature", ours.field());
    };
    const index_t most = std::max<index_t>(1, chosen.steps / 50);
    for (bool must_stop = false; result.done < chosen.steps && !must_stop;) {
        const index_t steps = std::min(most, control.steps_from(result.done));
        result.ours.push_back(time_steps(everyone, ours, steps));
        if (theirs) result.theirs.push_back(time_steps(everyone, *theirs, steps));
        result.done += steps;
        must_stop = control.stops_after(result.done, add_field);
        shown.update(result.done, fmt::format("{:.1f} us each", 1e6 * result.ours.back()));
    }
    return result;
}

std::string settings_of(const problem& p) {
    return fmt::format("{} x {} points, dt {}{}", p.rows, p.columns, p.dt,
                       p.is_periodic ? ", periodic" : "");
}

app::run_control_options control_of(const arguments& chosen) {
    app::run_control_options options = chosen.checkpoints;
    options.settings = settings_of(chosen.what);
    if (chosen.output.quiet) options.tell = [](const std::string&) {};
    return options;
}

int run(team& everyone, const arguments& chosen) {
    const problem& p = chosen.what;
    app::require_writable(everyone, {{"--save", chosen.save, true},
                                     {"--save", xdmf_of(chosen.save), false, false},
                                     {"--plot", chosen.plot, false, false},
                                     app::planned_json(chosen.output)});
    solver ours(everyone, p, options_of(chosen.layout, everyone.nodes()));
    app::run_control control(everyone, control_of(chosen));
    control.add("temperature", ours.field());
    const index_t first = control.start(chosen.steps);
    std::optional<reference_solver> theirs;
    if (chosen.reference) theirs.emplace(ours.field(), p);
    picture start;
    ours.field().fence();
    if (everyone.rank() == 0 && !chosen.plot.empty()) start = thin_out(ours.field());

    outcome result;
    result.what = p;
    result.steps = chosen.steps;
    result.ranks = everyone.size();
    result.nodes = everyone.nodes();
    const timing times = step_on(everyone, chosen, first, ours, theirs, control);
    if (times.done < chosen.steps) return control.exit_code();
    if (!times.ours.empty()) result.seconds_per_step = median(times.ours);
    check(everyone, ours.field(), result);
    if (theirs && !times.ours.empty())
        result.reference =
            comparison{median(times.theirs), is_equal(everyone, ours.field(), *theirs)};

    if (!chosen.save.empty()) save_field(ours.field(), p, result.steps, chosen.save);
    const app::exit_code printed = app::print_results(
        everyone, "nodespan-heat", chosen.output, [&] { return to_text(result); },
        [&] { return to_json(result) + "\n"; });
    app::draw_picture(everyone, "nodespan-heat", chosen.output, chosen.plot, [&] {
        plot(chosen.plot, start, thin_out(ours.field()), p.dt * static_cast<double>(chosen.steps));
    });
    everyone.fence(); // nobody ends the field while it is fetched
    return result.is_good() ? printed : app::failed;
}

int body(team& everyone, arguments& chosen) {
    problem& p = chosen.what;
    p.rows = chosen.size.front();
    p.columns = chosen.size.back();
    if (p.dt == 0) p.dt = 0.8 * p.largest_dt();
    if (!(p.dt <= p.largest_dt())) { // also what is no number
        if (everyone.rank() == 0)
            fmt::print(stderr,
                       "nodespan-heat: --dt {:.4g} is not stable with {} x {} points: at most "
                       "{:.4g}\n",
                       p.dt, p.rows, p.columns, p.largest_dt());
        return app::bad_usage;
    }
    const index_t nodes = nodes_of(chosen.layout);
    if (nodes != 0 && nodes != everyone.nodes()) {
        if (everyone.rank() == 0)
            fmt::print(stderr, "nodespan-heat: --layout {} is a grid of {} nodes, not of {}\n",
                       chosen.layout, nodes, everyone.nodes());
        return app::bad_usage;
    }
    return run(everyone, chosen);
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Solves the heat equation on a square over the ranks of a team, and checks "
                     "the result\nagainst solutions known in closed form.",
                     "nodespan-heat");
    add_options(options, chosen);
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
