#include "line_reader.hpp"

#include "malformed.hpp"
#include "text_lines.hpp"

#include <algorithm>

namespace nodespan::detail {

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
    if (old > longest_line) throw malformed("the line is too long for a file of numbers");
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
