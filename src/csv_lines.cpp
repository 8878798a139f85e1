#include "csv_lines.hpp"

#include "malformed.hpp"

#include <algorithm>

namespace nodespan::detail {
namespace {

constexpr std::size_t block_bytes = std::size_t{4} << 20;
constexpr std::size_t longest_line = std::size_t{256} << 20;

std::size_t count_lines(std::string_view text) {
    const auto ends = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    return ends + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

// The end of the first line that is not blank; npos if there is no such line, or not all of it.
std::size_t end_of_first_row(std::string_view text, std::size_t from, bool is_all) {
    for (std::size_t at = from; at < text.size();) {
        const std::size_t found = text.find('\n', at);
        if (found == text.npos && !is_all) return text.npos;
        const std::size_t end = found == text.npos ? text.size() : found + 1;
        if (!is_blank_line(without_line_end(text.substr(at, end - at)))) return end;
        at = end;
    }
    return text.npos;
}

// The beginning of the file with two rows, if it has as many.
std::string read_beginning(const posix_file& file) {
    for (std::size_t bytes = 1 << 16;; bytes *= 8) {
        std::string text(bytes, '\0');
        text.resize(file.read_some(0, text.data(), bytes));
        const bool is_all = text.size() < bytes;
        const std::size_t first = end_of_first_row(text, csv_preamble_bytes(text), is_all);
        if (is_all || (first != text.npos && end_of_first_row(text, first, is_all) != text.npos))
            return text;
        if (bytes > longest_line) throw malformed("the first lines are too long for a CSV file");
    }
}

} // namespace

csv_head read_csv_head(const posix_file& file, char separator, std::optional<bool> has_header) {
    const std::string text = read_beginning(file);
    csv_head head;
    std::size_t at = csv_preamble_bytes(text);
    const std::size_t end = end_of_first_row(text, at, true);
    if (end != text.npos) {
        head.dialect = detect_csv_dialect(text, separator);
        head.dialect.has_header = has_header.value_or(head.dialect.has_header);
        std::string_view row = without_line_end(std::string_view(text).substr(0, end));
        row.remove_prefix(std::min(row.size(), std::max(at, row.rfind('\n') + 1)));
        head.columns = count_csv_fields(row, head.dialect.separator);
        if (head.dialect.has_header) {
            head.names = split_csv_line(row, head.dialect.separator);
            at = end;
        }
    } else if (separator != 0) {
        head.dialect.separator = separator;
    }
    head.data_start = at;
    head.lines_before = count_lines(std::string_view(text).substr(0, at));
    return head;
}

line_reader::line_reader(const posix_file& file, std::uint64_t start, std::uint64_t first,
                         std::uint64_t last)
    : file_(file),
      last_(last),
      buffer_start_(std::max(start, first)) {
    if (first > start) skip_to_line(first);
}

// Lines of others are only looked through for their end, however long they are.
void line_reader::skip_to_line(std::uint64_t first) {
    std::string block(std::size_t{64} << 10, '\0');
    for (std::uint64_t at = first - 1; at < last_;) {
        const std::size_t got = file_.read_some(at, block.data(), block.size());
        const std::size_t end = std::string_view(block).substr(0, got).find('\n');
        if (end != std::string_view::npos) {
            buffer_start_ = at + end + 1;
            return;
        }
        at += got;
        if (got < block.size()) break;
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
    buffer_.resize(old + block_bytes);
    const std::size_t got = file_.read_some(buffer_start_ + old, buffer_.data() + old, block_bytes);
    buffer_.resize(old + got);
    is_at_end_ = got < block_bytes;
    return got > 0;
}

std::optional<std::string_view> line_reader::next() {
    if (position() >= last_) return std::nullopt;
    std::size_t seen = 0; // of the line, without its end
    std::size_t end;
    while ((end = buffer_.find('\n', at_ + seen)) == std::string::npos) {
        seen = buffer_.size() - at_;
        if (fill()) continue;
        if (at_ == buffer_.size()) return std::nullopt;
        end = buffer_.size() - 1; // the last line, without its end
        break;
    }
    const std::string_view line(buffer_.data() + at_, end + 1 - at_);
    at_ = end + 1;
    return without_line_end(line);
}

} // namespace nodespan::detail
