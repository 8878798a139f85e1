#include "outcome.hpp"

#include "gnuplot.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace nodespan::heat {

std::string to_text(const outcome& result) {
    const problem& p = result.what;
    std::string text = fmt::format(
        "{} x {} points{}, {} steps of {:.3g}, on {} ranks of {} nodes\n\n"
        "  largest error against the scheme's solution    {:.3g}   ({}; rounding explains {:.2g})\n"
        "  largest error against the equation's solution  {:.3g}\n"
        "  hash of the field                              {:016x}\n\n"
        "  one step, median                               {:.1f} us, {:.2f} ns a point of one "
        "rank\n",
        p.rows, p.columns, p.is_periodic ? ", periodic" : "", result.steps, p.dt, result.ranks,
        result.nodes, result.scheme_error,
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

void plot(const std::string& file, const picture& start, const picture& end, double time) {
    const auto [least, most] = std::minmax_element(start.values.begin(), start.values.end());
    const double largest = std::max(std::abs(*least), std::abs(*most)); // 0 in the palette's middle
    const std::string axes = fmt::format(
        "set cbrange [-{2}:{2}]\nset xrange [-0.5:{0}]\nset yrange [{1}:-0.5]\nset size ratio 1\n"
        "unset xtics\nunset ytics\nset palette defined (0 '#0b1d51', 0.35 '#2a6fbb', 0.5 "
        "'#e8e8e8', 0.75 '#f2a541', 1 "
        "'#8c1c13')\n",
        static_cast<double>(end.columns) - 0.5, static_cast<double>(end.rows) - 0.5, largest);
    app::draw_png(file, 1100, 520,
                  matrix("start", start) + matrix("end", end) + axes +
                      fmt::format("set multiplot layout 1,2\nset title 'start'\n"
                                  "plot $start matrix with image notitle\n"
                                  "set title 'after t = {:.4g}'\n"
                                  "plot $end matrix with image notitle\nunset multiplot\n",
                                  time));
}

} // namespace nodespan::heat
