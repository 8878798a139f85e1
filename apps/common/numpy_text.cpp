#include "numpy_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

namespace nodespan::app {
namespace {

// NumPy's defaults.
constexpr index_t threshold = 1000, edge_items = 3;
constexpr std::size_t line_width = 75;
constexpr std::size_t precision = 8;

bool is_cut(index_t extent, index_t elements) {
    return elements > threshold && extent > 2 * edge_items;
}

// The number with a point, such as "1.5", "12." or "3.e+08": with so many digits after it, or with
// as many as tell it from its neighbours.
template <std::floating_point T, class... Places>
std::string with_point(T value, std::chars_format style, Places... places) {
    std::array<char, 400> text;
    char* const end =
        std::to_chars(text.data(), text.data() + text.size(), value, style, places...).ptr;
    std::string number(text.data(), end);
    if (number.find('.') == std::string::npos)
        number.insert(std::min(number.find('e'), number.size()), ".");
    return number;
}

std::size_t end_of_digits(const std::string& number) {
    return std::min(number.find('e'), number.size());
}

std::size_t places(const std::string& number) {
    return end_of_digits(number) - number.find('.') - 1;
}

// The fewest digits that tell it from its neighbours, but at most `precision` after the point.
template <std::floating_point T>
std::string shortest(T value, std::chars_format style) {
    std::string number = with_point(value, style);
    if (places(number) <= precision) return number;
    number = with_point(value, style, static_cast<int>(precision));
    const std::size_t end = end_of_digits(number), last = number.find_last_not_of('0', end - 1);
    return number.erase(last + 1, end - last - 1);
}

// Exponents where the numbers shown, but for 0, are large, small, or far apart.
template <std::floating_point T>
bool needs_exponents(const std::vector<T>& values) {
    T least = std::numeric_limits<T>::infinity(), most = 0;
    for (const T value : values)
        if (value != 0) {
            least = std::min(least, std::abs(value));
            most = std::max(most, std::abs(value));
        }
    return most != 0 && (most >= T(1e8) || least < T(0.0001) || most / least > T(1000));
}

// Numbers with an exponent all get as many digits as the one with most, and exponents as long.
template <std::floating_point T>
std::vector<std::string> with_exponents(const std::vector<T>& values) {
    constexpr auto style = std::chars_format::scientific;
    std::size_t most = 0, longest = 0;
    for (const T value : values) most = std::max(most, places(shortest(value, style)));
    std::vector<std::string> words;
    const auto exponent_length = [](const std::string& word) {
        return word.size() - end_of_digits(word);
    };
    for (const T value : values) {
        words.push_back(with_point(value, style, static_cast<int>(most)));
        longest = std::max(longest, exponent_length(words.back()));
    }
    for (std::string& word : words) // e+008 beside e+100
        word.insert(end_of_digits(word) + 2, longest - exponent_length(word), '0');
    return words;
}

// Puts the points of all numbers below each other.
std::vector<std::string> aligned(std::vector<std::string> words) {
    std::size_t before = 0, behind = 0;
    for (const std::string& word : words) {
        before = std::max(before, word.find('.'));
        behind = std::max(behind, word.size() - word.find('.'));
    }
    for (std::string& word : words) {
        word.append(behind - (word.size() - word.find('.')), ' ');
        word.insert(0, before - word.find('.'), ' ');
    }
    return words;
}

// Lines of words, and dots after the third if the extent is cut; all lines but the first indented.
std::string in_lines(const std::string* words, std::size_t count, bool cut, std::size_t indent) {
    std::string text, line(indent, ' ');
    const auto add = [&](const std::string& word) {
        if (line.size() + word.size() > line_width - indent && line.size() > indent) {
            text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
            line.assign(indent, ' ');
        }
        line += word + ' ';
    };
    for (std::size_t i = 0; i < count; ++i) {
        if (cut && i == edge_items) add("...");
        add(words[i]);
    }
    line.pop_back();
    return (text + line).substr(indent);
}

std::string bracketed(const index_list& extents, std::size_t d, index_t elements,
                      const std::string*& words) {
    const std::size_t count = shown_along(extents[d], elements).size(), left = extents.size() - d;
    const bool cut = is_cut(extents[d], elements);
    std::string text;
    if (left == 1) {
        text = in_lines(words, count, cut, d + 1);
        words += count;
    }
    for (std::size_t i = 0; left > 1 && i < count; ++i) {
        const std::string next = std::string(left - 1, '\n') + std::string(d + 1, ' ');
        if (i > 0) text += next;
        if (cut && i == edge_items) text += "..." + next;
        text += bracketed(extents, d + 1, elements, words);
    }
    return '[' + text + ']';
}

} // namespace

std::vector<index_t> shown_along(index_t extent, index_t elements) {
    std::vector<index_t> result;
    for (index_t i = 0; i < extent; ++i) {
        if (is_cut(extent, elements) && i == edge_items) i = extent - edge_items;
        result.push_back(i);
    }
    return result;
}

template <class T>
std::vector<std::string> numpy_words(const std::vector<T>& values) {
    std::vector<std::string> words;
    if constexpr (std::floating_point<T>) {
        if (needs_exponents(values)) return aligned(with_exponents(values));
        for (const T value : values) words.push_back(shortest(value, std::chars_format::fixed));
        return aligned(std::move(words));
    } else {
        std::size_t width = 0;
        for (const T value : values) {
            words.push_back(std::to_string(value));
            width = std::max(width, words.back().size());
        }
        for (std::string& word : words) word.insert(0, width - word.size(), ' ');
        return words;
    }
}

template std::vector<std::string> numpy_words(const std::vector<double>&);
template std::vector<std::string> numpy_words(const std::vector<float>&);
template std::vector<std::string> numpy_words(const std::vector<std::int64_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::int32_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::int16_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::int8_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::uint64_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::uint32_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::uint16_t>&);
template std::vector<std::string> numpy_words(const std::vector<std::uint8_t>&);

std::string in_brackets(const index_list& extents, const std::vector<std::string>& words) {
    index_t elements = 1;
    for (const index_t extent : extents) elements *= extent;
    const std::string* next = words.data();
    return bracketed(extents, 0, elements, next);
}

} // namespace nodespan::app
