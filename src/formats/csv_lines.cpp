#include "csv_lines.hpp"

#include "csv_dialect.hpp"
#include "csv_text.hpp"
#include "malformed.hpp"

#include <algorithm>

namespace nodespan::detail {
namespace {

constexpr std::size_t longest_line = std::size_t{256} << 20;

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
        if (bytes > longest_line) throw malformed("the first lines are too long for a CSV file");
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

line_reader::line_reader(const posix_file& file, std::uint64_t start, std::uint64_t first,
                         std::uint64_t last, std::size_t block_bytes)
    : file_(file),
      last_(last),
      block_bytes_(block_bytes),
      buffer_start_(std::max(start, first)) {
    if (first > start) skip_to_line(first);
}

// Lines before the first one are only searched for their end, however long they are.
void line_reader::skip_to_line(std::uint64_t first) {
    std::string block(std::min(block_bytes_, std::size_t{64} << 10), '\0');
    for (std::uint64_t at = first - 1; at < last_;) {
        const std::size_t got = file_.read_some(at, block.data(), block.size());
        const bool is_file_end = got < block.size();
        const std::string_view text = std::string_view(block).substr(0, got);
        const std::size_t end = find_line_end(text, 0);
        if (end + 1 < got || (end < got && is_file_end)) {
            buffer_start_ = at + after_line_end(text, end);
            return;
        }
        if (is_file_end) break;
        at += end; // an end in the last byte may be the CR of a CR LF
    }
    buffer_start_ = last_;
}

bool line_reader::fill() {
    if (is_at_end_) return false;
    buffer_.erase(0, at_);
    buffer_start_ += at_;
    at_ = 0;
    const std::size_t old = buffer_.size();
    if (old > longest_line) throw malformed("the line is too long for a CSV file");
    buffer_.resize(old + block_bytes_);
    const std::size_t got =
        file_.read_some(buffer_start_ + old, buffer_.data() + old, block_bytes_);
    buffer_.resize(old + got);
    is_at_end_ = got < block_bytes_;
    return got > 0;
}

std::optional<std::string_view> line_reader::next() {
    if (position() >= last_) return std::nullopt;
    std::size_t length = 0;
    do { // an end that is the last byte may be the CR of a CR LF
        length = find_line_end(buffer_, at_ + length) - at_;
    } while (at_ + length + 1 >= buffer_.size() && fill());
    if (at_ == buffer_.size()) return std::nullopt;
    const std::string_view line(buffer_.data() + at_, length);
    at_ = after_line_end(buffer_, at_ + length);
    return line;
}

} // namespace nodespan::detail
