#include "text_file.hpp"

#include "even_cut.hpp"
#include "line_reader.hpp"
#include "malformed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace nodespan::detail {
namespace {

constexpr std::size_t most_text_kept = std::size_t{64} << 20;
constexpr index_t bytes_at_once = index_t{4} << 20;

// Parsed rows, until there are enough of them to be stored.
class row_buffer {
public:
    row_buffer(const row_reading& how, const atomic_file::sums& rows)
        : how_(how),
          first_(static_cast<index_t>(rows.before)),
          room_(std::clamp<index_t>(bytes_at_once / static_cast<index_t>(how.row_bytes + 1), 1,
                                    std::max<index_t>(1, static_cast<index_t>(rows.all)))),
          bytes_(static_cast<std::size_t>(room_) * how.row_bytes) {}

    void add(std::string_view line) {
        how_.parse(line, first_ + count_,
                   bytes_.data() + static_cast<std::size_t>(count_) * how_.row_bytes);
        if (++count_ == room_) flush();
    }

    void flush() {
        if (count_ > 0) how_.store(first_, count_, bytes_.data());
        first_ += count_;
        count_ = 0;
    }

private:
    const row_reading& how_;
    index_t first_, count_ = 0;
    index_t room_;
    std::vector<std::byte> bytes_;
};

} // namespace

line_counts count_lines(const posix_file& file, std::uint64_t start, std::uint64_t first,
                        std::uint64_t last, const line_test& is_row) {
    line_counts result;
    line_reader lines(file, start, first, last);
    while (const auto line = lines.next()) {
        ++result.lines;
        if (is_row(*line)) ++result.rows;
    }
    return result;
}

text_share share_text(const atomic_file& call, const posix_file& file, std::uint64_t start,
                      std::uint64_t lines_before, const line_test& is_row) {
    text_share result{start, lines_before, 0, 0, {}, {}};
    line_counts mine;
    call.agree([&] {
        const std::uint64_t size = file.size(), all = size - std::min(size, start);
        const auto count = static_cast<std::uint64_t>(call.size());
        const auto rank = static_cast<std::uint64_t>(call.rank());
        result.first = start + even_cut(all, rank, count);
        result.last = start + even_cut(all, rank + 1, count);
        mine = count_lines(file, start, result.first, result.last, is_row);
    });
    result.rows = call.add_up(mine.rows);
    result.lines = call.add_up(mine.lines);
    return result;
}

void read_rows(const posix_file& file, const text_share& mine, const row_reading& how) {
    line_reader lines(file, mine.start, mine.first, mine.last);
    row_buffer rows(how, mine.rows);
    std::uint64_t number = mine.lines_before + mine.lines.before;
    while (const auto line = lines.next()) {
        ++number;
        if (!how.is_row(*line)) continue;
        try {
            rows.add(*line);
        } catch (const malformed& wrong) {
            throw malformed(fmt::format("line {}, {}", number, wrong.what()));
        }
        if (how.progress && number % 4096 == 0)
            how.progress(static_cast<index_t>(lines.position() - mine.first),
                         static_cast<index_t>(mine.last - mine.first));
    }
    rows.flush();
}

void write_text(const atomic_file& call, const std::string& head, index_t rows,
                const file_progress& progress,
                const std::function<void(const text_taker&)>& format) {
    std::string kept = call.is_first_rank() ? head : std::string();
    const std::size_t head_bytes = kept.size();
    std::uint64_t bytes = head_bytes;
    bool is_kept = true;
    const int passes = 2; // the first pass counts
    const auto tell = [&](int pass, index_t done) {
        if (progress) progress(pass * rows + done, passes * rows);
    };
    call.agree([&] {
        format([&](const std::string& text, index_t done) {
            bytes += text.size();
            is_kept = is_kept && bytes <= most_text_kept;
            if (is_kept) kept += text;
            tell(0, done);
        });
    });
    const atomic_file::sums share = call.add_up(bytes);
    call.replace([&](posix_file& out) { out.reserve(share.all); },
                 [&](posix_file& out) {
                     if (is_kept) return out.write(share.before, kept.data(), kept.size());
                     out.write(share.before, kept.data(), head_bytes);
                     std::uint64_t at = share.before + head_bytes;
                     format([&](const std::string& text, index_t done) {
                         out.write(at, text.data(), text.size());
                         at += text.size();
                         tell(1, done);
                     });
                 });
}

} // namespace nodespan::detail
