#include "progress_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace nodespan::detail {
namespace {

bool is_complete(const progress_facts& facts) {
    return facts.total > 0 && facts.done >= facts.total;
}

// Three digits of it, such as 1.23 or 123; no exponents below a million.
std::string three_digits(double x) {
    if (x >= 1e6) return fmt::format("{:.2e}", x);
    if (x >= 99.95) return fmt::format("{:.0f}", x);
    return fmt::format("{:.{}f}", x, x < 9.995 ? 2 : 1);
}

// Bytes in units of powers of 1000, as speeds of disks and networks are told.
std::string bytes_text(double bytes) {
    constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    std::size_t unit = 0;
    for (; bytes >= 999.5 && unit + 1 < std::size(units); ++unit) bytes /= 1000;
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : three_digits(bytes) + " " + units[unit];
}

std::string counts_text(const progress_facts& facts) {
    const auto done = static_cast<double>(facts.done);
    const auto total = static_cast<double>(facts.total);
    if (facts.unit == "B")
        return facts.total > 0 ? fmt::format("{} of {}", bytes_text(done), bytes_text(total))
                               : bytes_text(done);
    const std::string unit = facts.unit.empty() ? "" : fmt::format(" {}", facts.unit);
    return facts.total > 0 ? fmt::format("{}/{}{}", facts.done, facts.total, unit)
                           : fmt::format("{}{}", facts.done, unit);
}

// What is done in a second, or 0 where nothing is known of it.
double rate_of(const progress_facts& facts) {
    return facts.seconds > 0
               ? std::max(0.0, static_cast<double>(facts.done - facts.begin) / facts.seconds)
               : 0;
}

std::string rate_text(const progress_facts& facts) {
    double rate = rate_of(facts);
    if (rate == 0) return {};
    if (facts.unit == "B") return bytes_text(rate) + "/s";
    const char* per = "s";
    if (rate < 0.1) rate *= 60, per = "min";
    if (rate < 0.1) rate *= 60, per = "h";
    return fmt::format("{}{}{}/{}", three_digits(rate), facts.unit.empty() ? "" : " ", facts.unit,
                       per);
}

// How long it goes on, or how long it took.
std::string time_text(const progress_facts& facts) {
    if (is_complete(facts)) return time_in_words(facts.seconds);
    const double rate = rate_of(facts);
    if (facts.total == 0 || rate == 0) return {};
    return time_in_words(static_cast<double>(facts.total - facts.done) / rate) + " left";
}

// Characters, as a terminal counts them: of UTF-8, bytes that begin one.
int width_of(std::string_view text) {
    return static_cast<int>(
        std::ranges::count_if(text, [](char c) { return (c & '\xC0') != '\x80'; }));
}

// The first `width` characters; fewer are filled up with blanks.
std::string fitted(std::string_view text, int width) {
    std::string result;
    int used = 0;
    for (const char c : text) {
        used += (c & '\xC0') != '\x80' ? 1 : 0;
        if (used > width) break;
        result += c;
    }
    return result + std::string(static_cast<std::size_t>(std::max(0, width - used)), ' ');
}

double part_of(const progress_facts& facts) {
    return std::clamp(static_cast<double>(facts.done) / static_cast<double>(facts.total), 0.0, 1.0);
}

int percent_of(const progress_facts& facts) {
    return static_cast<int>(100 * part_of(facts)); // 100 when all is done, and no sooner
}

} // namespace

std::string time_in_words(double seconds) {
    if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::int64_t>(std::min(seconds + 0.5, 1e15));
    const auto two = [](std::int64_t large, const char* one, std::int64_t small,
                        const char* other) {
        return small == 0 ? fmt::format("{} {}", large, one)
                          : fmt::format("{} {} {} {}", large, one, small, other);
    };
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
    if (whole < 86400) return two(whole / 3600, "h", whole % 3600 / 60, "min");
    return two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string progress_line(const progress_facts& facts) {
    std::string text = fmt::format("{}: ", facts.label);
    if (facts.total > 0) text += fmt::format("{}%, ", percent_of(facts));
    text += counts_text(facts);
    for (const std::string& part : {rate_text(facts), time_text(facts), std::string(facts.note)})
        if (!part.empty()) text += ", " + part;
    return text;
}

std::string progress_bar(const progress_facts& facts, int columns) {
    constexpr int shortest_bar = 12; // with its brackets
    std::string text = fmt::format("{} ", facts.label);
    if (facts.total > 0) text += fmt::format("{:3}% ", percent_of(facts));
    const int room = columns - width_of(text) - (facts.total > 0 ? shortest_bar : 0);

    // In the order of what is told first where there is little room; shown in another one. Each has
    // room for longer figures than those of now, lest the bar's length changes all the time.
    const std::string time = time_text(facts), counts = counts_text(facts), rate = rate_text(facts);
    const std::string note(facts.note);
    const std::pair<const std::string*, int> parts[] = {
        {&time, 11},
        {&counts,
         2 * static_cast<int>(fmt::formatted_size("{}", facts.total)) + 2 + width_of(facts.unit)},
        {&rate, 8 + width_of(facts.unit)},
        {&note, (width_of(note) + 7) / 8 * 8}};
    int used = 0;
    std::vector<const std::string*> shown;
    for (const auto& [part, least] : parts)
        if (const int width = std::max(width_of(*part), least) + 2;
            !part->empty() && used + width <= room) {
            used += width;
            shown.push_back(part);
        }
    std::string rest;
    for (const std::string* part : {&counts, &rate, &time, &note})
        if (std::ranges::count(shown, part) > 0) rest += (rest.empty() ? " " : ", ") + *part;
    const int bar = columns - width_of(text) - used - 1;
    if (facts.total > 0 && bar > 2) {
        const auto filled = static_cast<int>(part_of(facts) * (bar - 2));
        text += fmt::format("[{:#<{}}{:.<{}}]", "", filled, "", bar - 2 - filled);
    } else if (!rest.empty()) {
        rest.erase(0, 1);
    }
    return fitted(text + rest, columns);
}

} // namespace nodespan::detail
