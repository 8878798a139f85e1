#include "outcome.hpp"

#include "gnuplot.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace nodespan::ensemble {
namespace {

nlohmann::ordered_json to_object(const quality& q) {
    return {{"reconstruction_error", q.reconstruction}, {"accuracy", q.accuracy}};
}

nlohmann::ordered_json to_object(const spread& s) {
    return {{"least", s.least}, {"mean", s.mean}, {"largest", s.largest}};
}

nlohmann::ordered_json to_object(const single_models& s) {
    return {{"reconstruction_error", to_object(s.reconstruction)},
            {"accuracy", to_object(s.accuracy)}};
}

// One point a line; "?" marks what gnuplot should skip.
std::string curve_data(const outcome& result) {
    std::string data =
        fmt::format("0 {0} {1} {0} {1}\n", result.first.reconstruction, result.first.accuracy);
    for (const epoch_figures& e : result.epochs)
        data += e.averaged ? fmt::format("{} {} {} {} {}\n", e.epoch, e.singles.reconstruction.mean,
                                         e.singles.accuracy.mean, e.average.reconstruction,
                                         e.average.accuracy)
                           : fmt::format("{} {} {} ? ?\n", e.epoch, e.singles.reconstruction.mean,
                                         e.singles.accuracy.mean);
    return data;
}

} // namespace

std::string to_text(const outcome& result) {
    const auto row = [](const char* name, double error, double accuracy) {
        return fmt::format("  {:<26} {:>12.4f} {:>11.1f} %\n", name, error, 100 * accuracy);
    };
    std::string text =
        fmt::format("\n  {:<26} {:>12} {:>13}\n", "on held-out texts", "error", "accuracy");
    text += fmt::format("  {:<26} {:>12} {:>11.1f} %\n", "majority category", "",
                        100 * result.majority);
    text += row("before training", result.first.reconstruction, result.first.accuracy);
    text += row("single models, worst", result.singles.reconstruction.largest,
                result.singles.accuracy.least);
    text += row("single models, mean", result.singles.reconstruction.mean,
                result.singles.accuracy.mean);
    text += row("single models, best", result.singles.reconstruction.least,
                result.singles.accuracy.largest);
    text += row("the averaged model", result.average.reconstruction, result.average.accuracy);
    text += fmt::format(
        "\n  one averaging of {} models of {} parameters ({:.1f} MB)\n"
        "  through shared windows     {:>12.3f} ms\n"
        "  by messages to one rank    {:>12.3f} ms   {:.1f} times as long; {}\n"
        "\n  training took {:.1f} s, of which averaging (waiting for all included) {:.2f} s\n"
        "  parameters hash {:016x}\n",
        result.options.models, result.parameters,
        static_cast<double>(result.options.models * result.parameters) * 8e-6,
        1e3 * result.shared_seconds, 1e3 * result.serialised_seconds,
        result.serialised_seconds / result.shared_seconds,
        result.averages_agree ? "same bits" : "results differ in rounding", result.training_seconds,
        result.averaging_seconds, result.parameters_hash);
    return text;
}

std::string to_json(const outcome& result) {
    nlohmann::ordered_json json{{"program", "nodespan-ensemble"},
                                {"text", result.text},
                                {"ranks", result.ranks},
                                {"nodes", result.nodes},
                                {"models", result.options.models},
                                {"epochs", result.options.epochs},
                                {"average_every", result.options.average_every},
                                {"dim", result.options.dim},
                                {"seed", result.options.seed},
                                {"categories", result.categories},
                                {"words", result.words},
                                {"training_texts", result.training_texts},
                                {"held_out_texts", result.held_out_texts},
                                {"parameters_per_model", result.parameters},
                                {"parameters_hash", fmt::format("{:016x}", result.parameters_hash)},
                                {"majority_accuracy", result.majority},
                                {"before_training", to_object(result.first)},
                                {"averaged_model", to_object(result.average)},
                                {"single_models", to_object(result.singles)},
                                {"seconds",
                                 {{"training", result.training_seconds},
                                  {"averaging", result.averaging_seconds},
                                  {"one_averaging_shared", result.shared_seconds},
                                  {"one_averaging_serialised", result.serialised_seconds}}},
                                {"averages_agree", result.averages_agree}};
    for (const epoch_figures& e : result.epochs) {
        nlohmann::ordered_json one{{"epoch", e.epoch}, {"single_models", to_object(e.singles)}};
        if (e.averaged) one["averaged_model"] = to_object(e.average);
        json["curve"].push_back(one);
    }
    return json.dump(2);
}

void plot(const outcome& result, const std::string& file) {
    const std::string script = fmt::format(
        "$curve << END\n{}END\n"
        "set datafile missing '?'\nset multiplot layout 1,2\nset grid\nset xlabel 'epoch [passes "
        "over the texts]'\n"
        "set ylabel 'reconstruction error a phrase, held-out [squared distance]'\nset logscale y\n"
        "plot $curve using 1:2 with linespoints pt 6 lc rgb '#999999' title 'single models, mean', "
        "$curve using 1:4 with linespoints pt 7 lc rgb '#1f77b4' title 'averaged'\n"
        "unset logscale y\nset ylabel 'accuracy, held-out [%]'\nset yrange [0:*]\n"
        "set key bottom right\n"
        "plot $curve using 1:(100*$3) with linespoints pt 6 lc rgb '#999999' "
        "title 'single models, mean', $curve using 1:(100*$5) with linespoints pt 7 lc rgb "
        "'#1f77b4' "
        "title 'averaged', {} with lines dt 2 lc rgb '#d62728' title 'majority category'\n"
        "unset multiplot\n",
        curve_data(result), 100 * result.majority);
    app::draw_png(file, 1000, 420, script);
}

} // namespace nodespan::ensemble
