#include "outcome.hpp"

#include "gnuplot.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace nodespan::heat {

std::string to_text(const outcome& result) {
    const problem& p = result.what;
    std::string text = fmt::format(
        "{} x {} points{}, {} of {:.3g}, on {}\n\n"
        "  largest error against the scheme's solution    {:.3g}   ({}; rounding explains {:.2g})\n"
        "  largest error against the equation's solution  {:.3g}\n"
        "  hash of the field                              {:016x}\n\n"
        "  one step, median                               {:.1f} us, {:.2f} ns a point of one "
        "rank\n",
        p.rows, p.columns, p.is_periodic ? ", periodic" : "", app::count_of(result.steps, "step"),
        p.dt, app::size_text(result.ranks, result.nodes), result.scheme_error,
        result.scheme_error <= result.scheme_tolerance ? "good" : "TOO LARGE",
        result.scheme_tolerance, result.equation_error, result.hash, 1e6 * result.seconds_per_step,
        1e9 * result.seconds_per_step * result.ranks / static_cast<double>(p.rows * p.columns));
    if (result.reference)
        text += fmt::format(
            "  the same with Isend and Irecv                  {:.1f} us, {:.2f} times ours; {}\n",
            1e6 * result.reference->seconds_per_step,
            result.reference->seconds_per_step / result.seconds_per_step,
            result.reference->equal ? "same bits" : "RESULTS DIFFER");
    return text;
}

std::string to_json(const outcome& result) {
    const problem& p = result.what;
    nlohmann::ordered_json json{{"program", "nodespan-heat"},
                                {"ranks", result.ranks},
                                {"nodes", result.nodes},
                                {"rows", p.rows},
                                {"columns", p.columns},
                                {"periodic", p.is_periodic},
                                {"steps", result.steps},
                                {"dt", p.dt},
                                {"field_hash", fmt::format("{:016x}", result.hash)},
                                {"scheme_error", result.scheme_error},
                                {"scheme_tolerance", result.scheme_tolerance},
                                {"equation_error", result.equation_error},
                                {"good", result.is_good()},
                                {"seconds_per_step", result.seconds_per_step}};
    if (result.reference)
        json["reference"] = {{"seconds_per_step", result.reference->seconds_per_step},
                             {"equal", result.reference->equal}};
    return json.dump(2);
}

namespace {

std::string matrix(const char* name, const picture& field) {
    std::string text = fmt::format("${} << END\n", name);
    for (std::size_t k = 0; k < field.values.size(); ++k)
        text += fmt::format("{:.4g}{}", field.values[k],
                            (k + 1) % static_cast<std::size_t>(field.columns) == 0 ? '\n' : ' ');
    return text + "END\n";
}

} // namespace

// Points lie in a square whose side is the unit of length; the diffusivity is 1, so that times are
// in squares of it.
void plot(const std::string& file, const picture& start, const picture& end, double time) {
    const auto [least, most] = std::minmax_element(start.values.begin(), start.values.end());
    const double largest = std::max(std::abs(*least), std::abs(*most)); // 0 in the palette's middle
    const std::string axes =
        fmt::format("set cbrange [-{0}:{0}]\nset xrange [0:1]\nset yrange [1:0]\nset size ratio 1\n"
                    "set xlabel 'x [side of the square]'\nset ylabel 'y [side of the square]'\n"
                    "set cblabel 'temperature [arbitrary unit]'\nset xtics 0.25 out\nset "
                    "ytics 0.25 out\n"
                    "set palette defined (0 '#0b1d51', 0.35 '#2a6fbb', 0.5 "
                    "'#e8e8e8', 0.75 '#f2a541', 1 "
                    "'#8c1c13')\n"
                    "at(k, n) = (k + 0.5) / n\n",
                    largest);
    const std::string points = fmt::format(
        "matrix using (at($1, {})):(at($2, {})):3 with image notitle\n", end.columns, end.rows);
    app::draw_png(file, 1250, 560,
                  matrix("start", start) + matrix("end", end) + axes +
                      fmt::format("set multiplot layout 1,2\nset title 'start'\n"
                                  "plot $start {0}"
                                  "set title 'after t = {1:.4g} side^2 / diffusivity'\n"
                                  "plot $end {0}unset multiplot\n",
                                  points, time));
}

} // namespace nodespan::heat
