#include "text_lines.hpp"

#include <algorithm>

namespace nodespan::detail {
std::size_t find_line_end(std::string_view text, std::size_t from) {
    constexpr std::size_t step = 256; // so that the look for one kind never goes far past the other
    for (; from < text.size(); from += step) {
        const std::string_view part = text.substr(from, step);
        const std::size_t lf = std::min(part.find('\n'), part.size());
        const std::size_t end = std::min(part.substr(0, lf).find('\r'), lf);
        if (end < part.size()) return from + end;
    }
    return text.size();
}

std::size_t after_line_end(std::string_view text, std::size_t end) {
    const bool is_pair = text.substr(end, 2) == "\r\n";
    return std::min(text.size(), end + (is_pair ? 2 : 1));
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = find_line_end(text, 0);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(after_line_end(text, end));
    return line;
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string shown_field(std::string_view text) {
    std::string result = "\"";
    for (const char c : text.substr(0, 40))
        result += static_cast<unsigned char>(c) >= ' ' && c != '\x7f' ? c : '?';
    return result + (text.size() > 40 ? "...\"" : "\"");
}

} // namespace nodespan::detail
