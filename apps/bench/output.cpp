#include "output.hpp"

#include "gnuplot.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/version.hpp>

#include <algorithm>

namespace nodespan::bench {
namespace {

using json = nlohmann::ordered_json; // keys in the order written here

std::string text_of_time(double seconds) {
    if (seconds < 1e-6) return fmt::format("{:.2f} ns", seconds * 1e9);
    if (seconds < 1e-3) return fmt::format("{:.2f} us", seconds * 1e6);
    return fmt::format("{:.2f} ms", seconds * 1e3);
}

// Three digits, whatever the size.
std::string text_of_ratio(double ratio) {
    return fmt::format("{:.{}f}", ratio, ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

// In gnuplot's single quotes, a quote is written twice.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
    return result + "'";
}

} // namespace

std::string to_table(const std::vector<measurement>& results) {
    const char* const columns = "{:<30}{:<26}{:<32}{:>10}{:>11}{:>8}{:>8}{:>8}\n";
    std::string text = fmt::format(fmt::runtime(columns), "case", "size", "against", "ours",
                                   "reference", "spread", "best", "ratio");
    for (const measurement& m : results)
        text += fmt::format(fmt::runtime(columns), m.name, m.size, m.reference,
                            text_of_time(m.ours_seconds), text_of_time(m.reference_seconds),
                            fmt::format("{:.0f}%", m.spread * 100), text_of_ratio(m.best_ratio),
                            text_of_ratio(m.ratio()));
    const auto noisy = std::count_if(results.begin(), results.end(),
                                     [](const measurement& m) { return m.is_noisy(); });
    if (noisy > 0)
        text += fmt::format("The machine was noisy: in {} of {} lines the batches of one side "
                            "spread by more than 10% of their median. Run again, or with a larger "
                            "--repeat.\n",
                            noisy, results.size());
    return text;
}

std::string to_json(const team& team, const std::vector<measurement>& results) {
    json all = {{"version", NODESPAN_VERSION},
                {"ranks", team.size()},
                {"nodes", team.nodes()},
                {"oversubscribed", team.is_oversubscribed()},
                {"results", json::array()}};
    for (const measurement& m : results)
        all["results"].push_back({{"case", m.name},
                                  {"size", m.size},
                                  {"reference", m.reference},
                                  {"ours_seconds", m.ours_seconds},
                                  {"reference_seconds", m.reference_seconds},
                                  {"ratio", m.ratio()},
                                  {"best_ratio", m.best_ratio},
                                  {"spread", m.spread},
                                  {"noisy", m.is_noisy()}});
    return all.dump(2) + "\n";
}

void draw_ratios(const std::string& file, const team& team,
                 const std::vector<measurement>& results) {
    constexpr int line_height = 19, margins = 150, width = 1250;
    double least = 0.5, most = 2;
    std::string bars, tics;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const measurement& m = results[i];
        const double ratio = m.ratio();
        least = std::min(least, ratio);
        most = std::max(most, ratio);
        bars += fmt::format("{} {} {} {} {}\n", i + 1, ratio, std::min(ratio, 1.0),
                            std::max(ratio, 1.0), text_of_ratio(ratio));
        tics +=
            fmt::format("{}{} {}", i == 0 ? "" : ", ",
                        quoted(fmt::format("{}, {}  |  {}", m.name, m.size, m.reference)), i + 1);
    }
    const std::string title =
        fmt::format("nodespan {} on {}: what it is measured against | takes so many times as long",
                    NODESPAN_VERSION, app::size_text(team.size(), team.nodes()));
    // The columns of $bars: line, ratio, left and right end, text. Text stands beyond the bar.
    const std::string script = fmt::format(
        "$bars << EOD\n{}EOD\n"
        "set title {} noenhanced offset screen -0.15,0\n"
        "set logscale x\nset xrange [{}:{}]\nset yrange [{}:0.2]\n"
        "set ytics ({}) noenhanced scale 0 font 'sans,9'\n"
        "set xtics nomirror\nset format x '%g'\nset grid x lt 1 lc rgb '#e0e0e0'\n"
        "set border 1\nset style fill solid 0.85 noborder\nunset key\n"
        "set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1.5 lc rgb '#404040' front\n"
        "set xlabel 'time of the reference / time of nodespan [1]: right of 1 nodespan is faster'\n"
        "plot $bars using 2:1:3:4:($1-0.36):($1+0.36):($2 < 1 ? 0xd0703c : 0x3c78b4) "
        "with boxxyerror lc rgb variable, "
        "'' using ($2 < 1 ? $2 : 1/0):1:5 with labels right offset -0.5,0 font 'sans,9', "
        "'' using ($2 < 1 ? 1/0 : $2):1:5 with labels left offset 0.5,0 font 'sans,9'\n",
        bars, quoted(title), least / 1.6, most * 2.2, static_cast<double>(results.size()) + 0.8,
        tics);
    app::draw_png(file, width, margins + line_height * static_cast<int>(results.size()), script);
}

} // namespace nodespan::bench
