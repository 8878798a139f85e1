#include "check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodespan::info {
namespace {

using json = nlohmann::ordered_json;

const char* to_word(verdict result) {
    switch (result) {
    case verdict::good:
        return "good";
    case verdict::slow:
        return "slow";
    case verdict::wrong:
        return "WRONG";
    case verdict::not_tried:
        return "-";
    }
    return "";
}

const char* to_key(verdict result) {
    return result == verdict::wrong       ? "wrong"
           : result == verdict::not_tried ? "not tried"
                                          : to_word(result);
}

std::ptrdiff_t count(const findings& found, verdict result) {
    return std::ranges::count(found, result, &finding::result);
}

std::string text_of_seconds(double seconds) {
    if (seconds <= 0) return "";
    if (seconds < 1e-3) return fmt::format("{:.3g} us", seconds * 1e6);
    if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
    return fmt::format("{:.3g} s", seconds);
}

} // namespace

std::string to_text(const findings& found) {
    std::string text = fmt::format("\n{:<24}{:<7}{:>9}   {}\n", "check", "result", "time", "seen");
    for (const finding& one : found) {
        text += fmt::format("{:<24}{:<7}{:>9}   {}\n", one.name, to_word(one.result),
                            text_of_seconds(one.seconds), one.text);
        if (!one.cure.empty()) text += fmt::format("{:<24}cure: {}\n", "", one.cure);
    }
    text += fmt::format("summary: {} good, {} slow, {} wrong, {} not tried\n",
                        count(found, verdict::good), count(found, verdict::slow),
                        count(found, verdict::wrong), count(found, verdict::not_tried));
    return text;
}

json to_json(const findings& found) {
    json lines = json::array();
    for (const finding& one : found)
        lines.push_back({{"name", one.name},
                         {"result", to_key(one.result)},
                         {"seconds", one.seconds},
                         {"seen", one.text},
                         {"cure", one.cure}});
    return {{"lines", lines},
            {"good", count(found, verdict::good)},
            {"slow", count(found, verdict::slow)},
            {"wrong", count(found, verdict::wrong)},
            {"not_tried", count(found, verdict::not_tried)}};
}

bool is_well(const findings& found) {
    return count(found, verdict::wrong) == 0;
}

} // namespace nodespan::info
