#include "csv_dialect.hpp"

#include "csv_text.hpp"
#include "malformed.hpp"
#include "number_text.hpp"
#include "text_lines.hpp"

#include <algorithm>
#include <array>

namespace nodespan::detail {
namespace {

constexpr std::string_view separators = ";\t,|: "; // those with few other uses come first
constexpr std::string_view digits = "0123456789";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) > 127;
}

std::string in_small_letters(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

// What spreadsheets and other programs write in place of a missing number.
constexpr std::array spreadsheet_gaps = {"#div/0!", "#n/a",  "#name?", "#null!",
                                         "#num!",   "#ref!", "#value!"};
constexpr std::array other_gaps = {"false", "missing", "n/a",  "n.a.", "na",
                                   "nil",   "none",    "null", "true", "undefined"};

bool is_gap(std::string_view field) {
    const std::string word = in_small_letters(field);
    return std::ranges::find(spreadsheet_gaps, word) != spreadsheet_gaps.end() ||
           std::ranges::find(other_gaps, word) != other_gaps.end();
}

bool is_comment(std::string_view line) {
    const std::string text = in_small_letters(trim_blanks(line).substr(0, 8));
    return text.starts_with('#') && std::ranges::none_of(spreadsheet_gaps, [&](const char* gap) {
               return text.starts_with(gap);
           });
}

enum class field_kind { empty, number, name, unclear };

field_kind kind_of(std::string_view field) {
    field = trim_blanks(field);
    if (field.empty()) return field_kind::empty;
    if (is_number_text(field)) return field_kind::number;
    const std::string_view unsigned_field =
        field.starts_with("\xE2\x88\x92") ? field.substr(3) : field; // a minus of Unicode
    const std::size_t start = unsigned_field.find_first_not_of("+-.,");
    const bool begins_as_number =
        start != field.npos && digits.find(unsigned_field[start]) != digits.npos;
    const bool has_letter = std::ranges::any_of(field, is_letter);
    return begins_as_number || !has_letter || is_gap(field) ? field_kind::unclear
                                                            : field_kind::name;
}

// Whether a separator occurs in a line. Blanks around it do not count as separators.
bool occurs(std::string_view line, char separator) {
    return (separator == ' ' ? trim_blanks(line) : line).find(separator) != line.npos;
}

// Whether this separator makes the line a row of numbers, perhaps with missing ones.
bool makes_numbers(std::string_view line, char separator) {
    if (!occurs(line, separator)) return false;
    bool has_number = false, is_good = true;
    try {
        for (const std::string& field : split_csv_line(line, separator)) {
            const field_kind kind = kind_of(field);
            has_number |= kind == field_kind::number;
            is_good &= kind == field_kind::number || kind == field_kind::empty;
        }
    } catch (const malformed&) {
        return false;
    }
    return has_number && is_good;
}

std::string outside_quotes(std::string_view line) {
    std::string result;
    bool is_quoted = false;
    for (const char c : line) {
        is_quoted ^= c == '"';
        if (!is_quoted) result += c;
    }
    return result;
}

[[noreturn]] void refuse(const std::string& what, char separator) {
    throw malformed(what +
                    " leaves open whether this line names the columns or is a row: "
                    "csv_options::header says it, nodespan-convert --header yes or no; or '" +
                    (separator == '\t' ? std::string("\\t") : std::string(1, separator)) +
                    "' is not the separator: csv_options::separator, --separator");
}

// The first row and its properties.
struct first_row {
    std::vector<std::string> fields;
    std::vector<field_kind> kinds;
    bool has_row_below = false;
    bool is_marked = false; // as format_csv_names does it

    bool has(field_kind kind) const { return std::ranges::find(kinds, kind) != kinds.end(); }
};

first_row look_at_first_row(std::string_view text, char separator) {
    first_row result;
    const std::string_view line = take_csv_row(text);
    if (line.data() == nullptr) return result;
    result.fields = split_csv_line(line, separator);
    for (const std::string& field : result.fields) result.kinds.push_back(kind_of(field));
    std::string_view below = text;
    const bool is_set_off = !below.empty() && is_blank_line(take_line(below), ' ');
    const std::string_view second = take_csv_row(text);
    result.has_row_below = second.data() != nullptr;
    // A row that has only numbers in quotes could also be data.
    const bool differs = result.has_row_below
                             ? second.find('"') == second.npos
                             : !result.has(field_kind::number) && !result.has(field_kind::unclear);
    result.is_marked = is_set_off && differs && is_quoted_csv_line(line, separator);
    return result;
}

bool needs_quotes(std::string_view name, char separator) {
    // A file that begins with this byte may have a byte order mark.
    const bool looks_like_mark = !name.empty() && static_cast<unsigned char>(name[0]) >= 0xEF;
    return name.empty() || looks_like_mark || trim_blanks(name) != name ||
           name.find_first_of(std::string("\"\t#") + separator) != name.npos;
}

std::string in_quotes(std::string_view name) {
    std::string result = "\"";
    for (const char c : name) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + '"';
}

} // namespace

std::size_t csv_preamble_bytes(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    std::size_t result = text.size() - rest.size();
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        if (is_comment(line))
            result = text.size() - rest.size();
        else if (!is_blank_line(line, ' '))
            break;
    }
    return result;
}

std::string_view take_csv_row(std::string_view& text) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!is_blank_line(line, ' ')) return line;
    }
    return {};
}

char find_csv_separator(std::string_view text) {
    std::string_view line = take_csv_row(text);
    if (const std::string_view second = take_csv_row(text); second.data() != nullptr) line = second;
    for (const char candidate : separators)
        if (makes_numbers(line, candidate)) return candidate;
    const std::string plain = outside_quotes(line);
    for (const char candidate : separators)
        if (occurs(plain, candidate)) return candidate;
    return ',';
}

bool csv_has_names(std::string_view text, char separator) {
    const first_row row = look_at_first_row(text, separator);
    if (row.fields.empty()) return false;
    const bool has_numbers = row.has(field_kind::number), has_names = row.has(field_kind::name);
    const bool is_unclear = row.has(field_kind::unclear);
    if (row.is_marked && (has_names || row.has_row_below)) return true;
    if (has_numbers && !has_names && !is_unclear) return false;
    if (has_names && !has_numbers && !is_unclear && row.has_row_below) return true;

    std::size_t odd = 0; // the field that the message shows
    while (odd + 1 < row.kinds.size() && (row.kinds[odd] == field_kind::number ||
                                          (is_unclear && row.kinds[odd] != field_kind::unclear)))
        ++odd;
    refuse("column " + std::to_string(odd + 1) + ": " + shown_field(row.fields[odd]), separator);
}

std::string format_csv_names(const std::vector<std::string>& names, char separator, bool has_rows) {
    if (names.empty()) return {};
    std::vector<field_kind> kinds;
    for (const std::string& name : names) kinds.push_back(kind_of(name));
    const bool is_marked = !has_rows || std::ranges::count(kinds, field_kind::name) == 0 ||
                           std::ranges::count(kinds, field_kind::number) > 0 ||
                           std::ranges::count(kinds, field_kind::unclear) > 0;
    std::string line;
    for (const std::string& name : names) {
        if (&name != &names.front()) line += separator;
        line += is_marked || needs_quotes(name, separator) ? in_quotes(name) : name;
    }
    return line + (is_marked ? "\n\n" : "\n");
}

} // namespace nodespan::detail
