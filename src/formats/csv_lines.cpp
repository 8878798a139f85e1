#include "csv_lines.hpp"

#include "csv_dialect.hpp"
#include "csv_text.hpp"
#include "line_reader.hpp"
#include "malformed.hpp"
#include "text_lines.hpp"

#include <algorithm>

namespace nodespan::detail {
namespace {

std::uint64_t count_lines(std::string_view text) {
    std::uint64_t result = 0;
    for (; !text.empty(); ++result) take_line(text);
    return result;
}

// All lines at the beginning of a file whose ends are in `text`; a CR LF counts as one end.
std::string_view whole_lines(std::string_view text) {
    if (text.size() < 2) return {};
    const std::size_t end = text.find_last_of("\r\n", text.size() - 2);
    return end == text.npos ? std::string_view() : text.substr(0, after_line_end(text, end));
}

bool has_two_rows(std::string_view text) {
    text.remove_prefix(csv_preamble_bytes(text));
    return take_csv_row(text).data() != nullptr && take_csv_row(text).data() != nullptr;
}

// The beginning of the file with two rows, if it has two.
std::string read_beginning(const posix_file& file) {
    for (std::size_t bytes = 1 << 16;; bytes *= 8) {
        std::string text(bytes, '\0');
        text.resize(file.read_some(0, text.data(), bytes));
        if (text.size() < bytes) return text;
        text.resize(whole_lines(text).size());
        if (has_two_rows(text)) return text;
        if (bytes > line_reader::longest_line)
            throw malformed("the first lines are too long for a CSV file");
    }
}

} // namespace

csv_head read_csv_head(const posix_file& file, char separator, std::optional<bool> has_header) {
    const std::string text = read_beginning(file);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        throw malformed("the text is UTF-16; save it as UTF-8");
    const std::string_view rows = std::string_view(text).substr(csv_preamble_bytes(text));
    csv_head head;
    head.separator = separator != 0 ? separator : find_csv_separator(rows);
    head.data_start = text.size() - rows.size();
    std::string_view rest = rows;
    if (const std::string_view first = take_csv_row(rest); first.data() != nullptr) try {
            head.columns = count_csv_fields(first, head.separator);
            if (has_header ? *has_header : csv_has_names(rows, head.separator)) {
                head.names = split_csv_line(first, head.separator);
                head.data_start = text.size() - rest.size();
            }
        } catch (const malformed& wrong) {
            const auto line =
                count_lines(std::string_view(text).substr(0, text.size() - rest.size()));
            throw malformed("line " + std::to_string(line) + ", " + wrong.what());
        }
    head.lines_before = count_lines(std::string_view(text).substr(0, head.data_start));
    return head;
}

} // namespace nodespan::detail
