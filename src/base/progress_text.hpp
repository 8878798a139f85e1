#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nodespan::detail {

/// How far a long piece of work is.
struct progress_facts {
    std::string_view label; ///< what is done, such as "heat"
    std::string_view unit;  ///< what is counted, in the plural; "B": bytes
    std::int64_t begin = 0; ///< counted already when it began
    std::int64_t done = 0;
    std::int64_t total = 0; ///< 0: nobody knows
    double seconds = 0;     ///< since it began
    std::string_view note;  ///< what the program adds
};

/// A line for logs, without its end: "heat: 45%, 450/1000 steps, 12.3 steps/s, 44 s left, note".
std::string progress_line(const progress_facts& facts);

/// The same for a terminal, exactly `columns` wide (at least 1): the label, percents, a bar that
/// takes the room there is, and as much of the rest as leaves it some: first the time left, then
/// the counts, the rate, and the note. Where nobody knows the total there is no bar.
std::string progress_bar(const progress_facts& facts, int columns);

/// A time in words: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string time_in_words(double seconds);

} // namespace nodespan::detail
