#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

/// How programs are asked for help, and what they say to a wrong command line.

namespace nodespan::app {

/// Numbers that an option takes, and what they count.
template <class T>
struct allowed {
    T least, most;
    std::string unit = {}; ///< empty: none
};

/// A number as people write it: 10^6 and 2^40 rather than all digits of them.
std::string number_text(double x);

/// "1 to 2^40 steps", "above 0", ...
std::string range_text(double least, double most, const std::string& unit);

/// Refuses what is no such number.
template <class T>
CLI::Validator in_range(const allowed<T>& numbers) {
    const std::string range = range_text(static_cast<double>(numbers.least),
                                         static_cast<double>(numbers.most), numbers.unit);
    return {[numbers, range](const std::string& text) -> std::string {
                T number{};
                if (!CLI::detail::lexical_cast(text, number))
                    return fmt::format("\"{}\" is no {}number", text,
                                       std::integral<T> ? "whole " : "");
                if (number >= numbers.least && number <= numbers.most) return {}; // NaN is not
                return fmt::format("{} is not {}", text, range);
            },
            ""};
}

/// Adds an option that takes a number; help and complaints say which. A sequence takes several,
/// each within the range.
template <class T, class Value>
CLI::Option* add_number(CLI::App& options, const std::string& name, Value& value,
                        const std::string& help, const allowed<T>& numbers) {
    const std::string range = range_text(static_cast<double>(numbers.least),
                                         static_cast<double>(numbers.most), numbers.unit);
    return options.add_option(name, value, fmt::format("{}; {}", help, range))
        ->type_name("NUMBER")
        ->check(in_range(numbers))
        ->capture_default_str();
}

/// The type of an option that takes one of these words: "{row,column}", which completion offers.
std::string choice_text(const std::vector<std::string>& words);

/// Refuses words that are not known, and says which one may have been meant.
CLI::Validator one_of(const std::vector<std::string>& words);

/// Has --help fit into 100 columns, each option with its type, and the default in the text.
void format_help(CLI::App& options);

/// What is wrong with a command line, in one line: the wrong options as they were given, and the
/// ones that they may have been meant for.
std::string complaint_of(const CLI::App& options, const CLI::ParseError& reason);

/// The word of `known` that somebody most likely meant; empty where none comes near.
std::string meant_by(const std::string& word, const std::vector<std::string>& known);

/// "1 rank", "2 ranks".
template <std::integral N>
std::string count_of(N n, std::string_view one) {
    return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

/// "4 ranks of 1 node".
inline std::string size_text(int ranks, int nodes) {
    return fmt::format("{} of {}", count_of(ranks, "rank"), count_of(nodes, "node"));
}

} // namespace nodespan::app
