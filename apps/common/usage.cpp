#include "usage.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <sstream>

namespace nodespan::app {
namespace {

constexpr std::size_t help_columns = 100, first_column = 26;

// The text in lines of at most so many characters.
std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
    std::vector<std::string> lines{""};
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        std::string& line = lines.back();
        if (line.empty())
            line = word;
        else if (line.size() + 1 + word.size() <= columns)
            line += " " + word;
        else
            lines.push_back(word);
    }
    return lines;
}

std::string entry(const std::string& left, const std::string& text) {
    std::string result = "  " + left;
    if (result.size() + 1 >= first_column) result += "\n";
    bool is_first = result.back() != '\n';
    for (const std::string& line : wrapped(text, help_columns - first_column)) {
        if (is_first)
            result += std::string(first_column - result.size(), ' ');
        else
            result += std::string(first_column, ' ');
        result += line + "\n";
        is_first = false;
    }
    return result;
}

class formatter : public CLI::Formatter {
    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string left = make_option_name(option, is_positional);
        const bool takes_value = option->get_expected_max() > 0 && option->get_type_size() != 0;
        if (takes_value && !is_positional) {
            const std::string type = option->get_type_name();
            left += option->get_expected_min() == 0 ? fmt::format(" [{}]", type) : " " + type;
        }
        std::string text = make_option_desc(option);
        if (const std::string& value = option->get_default_str(); takes_value && !value.empty())
            text += fmt::format(" (default: {})", value);
        return entry(left, text);
    }
    std::string make_subcommand(const CLI::App* command) const override {
        return entry(command->get_display_name(true), command->get_description());
    }
};

// Letters to add, remove, change or swap with their neighbour, to make one word the other.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                                   cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

std::vector<std::string> names_of(const CLI::App& options) {
    std::vector<std::string> names;
    for (const CLI::Option* const option : options.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

// Options that do not exist, else what was left over.
std::string complaint_of_extras(const CLI::App& options) {
    const std::vector<std::string> left = options.remaining(true);
    std::string text;
    for (const std::string& word : left) {
        if (!word.starts_with("-")) continue;
        const std::string name = word.substr(0, word.find('='));
        const std::string meant = meant_by(name, names_of(options));
        text += fmt::format("{}there is no option {}{}", text.empty() ? "" : "; ", name,
                            meant.empty() ? "" : fmt::format(", did you mean {}?", meant));
    }
    if (!text.empty()) return text;
    for (const std::string& word : left) text += (text.empty() ? "" : " ") + word;
    return fmt::format("what is \"{}\" for? No option takes it", text);
}

} // namespace

std::string number_text(double x) {
    for (const int base : {10, 2})
        for (int power = base == 10 ? 6 : 13; x >= 1 && power <= 62; ++power)
            if (x == std::pow(base, power)) return fmt::format("{}^{}", base, power);
    return fmt::format("{}", x);
}

std::string range_text(double least, double most, const std::string& unit) {
    const std::string behind = unit.empty() ? "" : " " + unit;
    if (most >= 1e300) // no end
        return least > 0 && least < 1e-300 ? "above 0" + behind
                                           : number_text(least) + behind + " or more";
    return fmt::format("{} to {}{}", number_text(least), number_text(most), behind);
}

std::string choice_text(const std::vector<std::string>& words) {
    return fmt::format("{{{}}}", fmt::join(words, ","));
}

CLI::Validator one_of(const std::vector<std::string>& words) {
    return {[words](const std::string& word) -> std::string {
                if (std::ranges::count(words, word) > 0) return {};
                const std::string meant = meant_by(word, words);
                return fmt::format("{} is none of {}{}", word, fmt::join(words, ", "),
                                   meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
            },
            ""};
}

void format_help(CLI::App& options) {
    const auto ours = std::make_shared<formatter>();
    options.formatter(ours);
    for (CLI::App* const command : options.get_subcommands({})) command->formatter(ours);
}

std::string complaint_of(const CLI::App& options, const CLI::ParseError& reason) {
    std::string text = reason.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&reason) != nullptr)
        text = complaint_of_extras(options);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return fmt::format("{}: {} (--help shows all options)", options.get_name(), text);
}

std::string meant_by(const std::string& word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3); // further away is another word
    for (const std::string& one : known) {
        const bool is_begun = word.size() > 4 && one.starts_with(word);
        const std::size_t away = is_begun ? 0 : distance(word, one);
        if (away >= least + (best.empty() ? 1 : 0)) continue;
        least = away;
        best = one;
    }
    return best;
}

} // namespace nodespan::app
