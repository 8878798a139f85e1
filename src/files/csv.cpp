#include "nodespan/csv.hpp"

#include "atomic_file.hpp"
#include "csv_dialect.hpp"
#include "csv_lines.hpp"
#include "csv_text.hpp"
#include "malformed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

namespace nodespan {
namespace detail {

/// What all ranks know of a file before they read its numbers.
struct csv_plan {
    atomic_file call;
    posix_file file;
    csv_head head;
    dtype type;
    int dimensions;
    file_progress progress;
    std::uint64_t first = 0, last = 0; // of this rank's bytes
    atomic_file::sums rows, lines;     // `before`: those of lower ranks
};

namespace {

constexpr std::size_t most_text_kept = std::size_t{64} << 20;
constexpr index_t bytes_at_once = index_t{4} << 20;

void require_separator(char separator) {
    if (separator != 0 && std::string_view(",; \t|:").find(separator) == std::string_view::npos)
        throw error(errc::invalid_argument,
                    fmt::format("no CSV separator: character {:#x}; known are a comma, semicolon, "
                                "blank, tab, | and colon",
                                static_cast<unsigned char>(separator)));
}

csv_head read_head(const posix_file& file, const csv_options& options) {
    std::optional<bool> has_header;
    if (options.header != csv_header::detect) has_header = options.header == csv_header::present;
    return read_csv_head(file, options.separator, has_header);
}

struct line_counts {
    std::uint64_t lines = 0;
    std::uint64_t rows = 0;
};

line_counts count_lines(const posix_file& file, const csv_head& head, std::uint64_t first,
                        std::uint64_t last) {
    line_counts result;
    line_reader lines(file, head.data_start, first, last);
    while (const auto line = lines.next()) {
        ++result.lines;
        if (!is_blank_line(*line, head.separator)) ++result.rows;
    }
    return result;
}

// The patch of some rows, all of their columns.
box<dynamic_rank> rows_box(const index_list& extents, index_t first, index_t count) {
    box<dynamic_rank> rows{index_list(static_cast<int>(extents.size()), 0), extents};
    rows.lo[0] = first;
    rows.hi[0] = first + count;
    return rows;
}

index_t columns_of(const index_list& extents) {
    return extents.size() == 2 ? extents[1] : 1;
}

// Rows that are parsed, until there are enough of them to be put into the array.
class row_buffer {
public:
    row_buffer(array_core& to, std::uint64_t first)
        : to_(to),
          extents_(to.cut().extents()),
          first_(static_cast<index_t>(first)),
          row_bytes_(static_cast<std::size_t>(columns_of(extents_)) * to.element_bytes()),
          room_(std::clamp<index_t>(bytes_at_once / static_cast<index_t>(row_bytes_ + 1), 1,
                                    std::max<index_t>(1, extents_[0]))),
          bytes_(static_cast<std::size_t>(room_) * row_bytes_) {}

    std::byte* next_row() { return bytes_.data() + static_cast<std::size_t>(count_) * row_bytes_; }

    void add_row() {
        if (++count_ == room_) flush();
    }

    void flush() {
        if (count_ == 0) return;
        patch_memory memory;
        memory.data = bytes_.data();
        memory.size = count_ * columns_of(extents_);
        to_.put(rows_box(extents_, first_, count_), memory);
        first_ += count_;
        count_ = 0;
    }

private:
    array_core& to_;
    index_list extents_;
    index_t first_, count_ = 0;
    std::size_t row_bytes_;
    index_t room_;
    std::vector<std::byte> bytes_;
};

void read_rows(array_core& to, const csv_plan& plan) {
    line_reader lines(plan.file, plan.head.data_start, plan.first, plan.last);
    row_buffer rows(to, plan.rows.before);
    std::uint64_t number = plan.head.lines_before + plan.lines.before;
    while (const auto line = lines.next()) {
        ++number;
        if (is_blank_line(*line, plan.head.separator)) continue;
        try {
            parse_csv_line(*line, plan.head.separator, plan.type, plan.head.columns,
                           rows.next_row());
        } catch (const malformed& wrong) {
            throw malformed(fmt::format("line {}, {}", number, wrong.what()));
        }
        rows.add_row();
        if (plan.progress && number % 4096 == 0)
            plan.progress(static_cast<index_t>(lines.position() - plan.first),
                          static_cast<index_t>(plan.last - plan.first));
    }
    rows.flush();
}

// The rows that a rank writes: its own, where ranks have whole rows.
struct row_share {
    index_t first = 0;
    index_t count = 0;
};

row_share rows_of(const array_core& array) {
    const distribution& cut = array.cut();
    bool have_rows = true;
    for (int rank = 0; rank < cut.placement().size(); ++rank) {
        const box<dynamic_rank> part = cut.rank_box(rank);
        have_rows &= part.empty() || columns_of(part.extents()) == columns_of(cut.extents());
    }
    const box<dynamic_rank>& mine = array.rank_box();
    if (have_rows)
        return mine.empty() ? row_share{} : row_share{mine.lo[0], mine.hi[0] - mine.lo[0]};
    const index_t rows = cut.extents()[0], ranks = array.get_team().size();
    const auto start = [&](index_t k) { return rows / ranks * k + rows % ranks * k / ranks; };
    const index_t rank = array.get_team().rank();
    return {start(rank), start(rank + 1) - start(rank)};
}

// Calls f(text) for the text of some rows, piece by piece.
template <class F>
void format_rows(const array_core& from, dtype type, const row_share& mine, char separator, F&& f) {
    const index_list& extents = from.cut().extents();
    const auto columns = static_cast<std::size_t>(columns_of(extents));
    const std::size_t row_bytes = columns * from.element_bytes();
    const index_t step = std::max<index_t>(1, bytes_at_once / static_cast<index_t>(row_bytes + 1));
    std::vector<std::byte> numbers;
    std::string text;
    for (index_t done = 0; done < mine.count;) {
        const index_t count = std::min(step, mine.count - done);
        numbers.resize(static_cast<std::size_t>(count) * row_bytes);
        patch_memory memory;
        memory.data = numbers.data();
        memory.size = count * columns_of(extents);
        from.get(rows_box(extents, mine.first + done, count), memory);
        text.clear();
        for (std::size_t at = 0; at < numbers.size(); at += row_bytes)
            format_csv_line(numbers.data() + at, columns, separator, type, text);
        done += count;
        f(text, done);
    }
}

void require_writable(const index_list& extents, const csv_options& options) {
    require_separator(options.separator);
    const index_t columns = columns_of(extents);
    if (columns == 0 && extents[0] > 0)
        throw error(errc::invalid_argument, "a CSV file cannot hold rows without columns");
    if (!options.names.empty() && static_cast<index_t>(options.names.size()) != columns)
        throw error(errc::invalid_argument,
                    fmt::format("{} names for {} columns", options.names.size(), columns));
    for (const std::string& name : options.names)
        if (name.find_first_of("\r\n") != name.npos)
            throw error(errc::invalid_argument, "a column's name has a line end");
}

std::string quote(const csv_options& options) {
    return fmt::format(
        "{}{}{}",
        options.separator == 0 ? std::string() : fmt::format(", separator '{}'", options.separator),
        options.header == csv_header::present  ? ", with header"
        : options.header == csv_header::absent ? ", without header"
                                               : "",
        options.names.empty() ? std::string() : fmt::format(", names {}", options.names));
}

} // namespace

void save_csv(array_core& from, dtype type, const std::filesystem::path& file,
              const csv_options& options) {
    const index_list& extents = from.cut().extents();
    const atomic_file call("save_csv", to_text(type, extents) + quote(options), file.string(),
                           from.get_team());
    call.agree([&] { require_writable(extents, options); });
    call.fence();

    const char separator = options.separator == 0 ? ',' : options.separator;
    const row_share mine = rows_of(from);
    std::string kept = call.is_first_rank()
                           ? format_csv_names(options.names, separator, extents[0] > 0)
                           : std::string();
    const std::size_t header_bytes = kept.size();
    std::uint64_t bytes = header_bytes;
    bool is_kept = true;
    const int passes = 2; // the first one counts
    const auto tell = [&](int pass, index_t done) {
        if (options.progress) options.progress(pass * mine.count + done, passes * mine.count);
    };
    call.agree([&] {
        format_rows(from, type, mine, separator, [&](const std::string& text, index_t done) {
            bytes += text.size();
            is_kept = is_kept && bytes <= most_text_kept;
            if (is_kept) kept += text;
            tell(0, done);
        });
    });
    const atomic_file::sums place = call.add_up(bytes);
    call.replace([&](posix_file& out) { out.reserve(place.all); },
                 [&](posix_file& out) {
                     if (is_kept) return out.write(place.before, kept.data(), kept.size());
                     out.write(place.before, kept.data(), header_bytes);
                     std::uint64_t at = place.before + header_bytes;
                     format_rows(from, type, mine, separator,
                                 [&](const std::string& text, index_t done) {
                                     out.write(at, text.data(), text.size());
                                     at += text.size();
                                     tell(1, done);
                                 });
                 });
}

std::shared_ptr<const csv_plan> plan_csv(const team& ranks, dtype type, int dimensions,
                                         const std::filesystem::path& file,
                                         const csv_options& options) {
    atomic_file call("load_csv",
                     fmt::format("{}, {}{}", dtype_name(type), dimensions, quote(options)),
                     file.string(), ranks);
    call.agree([&] { require_separator(options.separator); });
    posix_file in = call.open_to_read();
    const auto plan = std::make_shared<csv_plan>(
        csv_plan{call, std::move(in), {}, type, dimensions, options.progress, 0, 0, {}, {}});
    line_counts mine;
    call.agree([&] {
        plan->head = read_head(plan->file, options);
        if (dimensions == 1 && plan->head.columns > 1)
            throw malformed(fmt::format("the file has {} columns, the array one dimension",
                                        plan->head.columns));
        const std::uint64_t start = plan->head.data_start, size = plan->file.size();
        const std::uint64_t all = size - std::min(size, start);
        const auto count = static_cast<std::uint64_t>(call.size());
        const auto cut = [&](std::uint64_t k) {
            return start + all / count * k + all % count * k / count;
        };
        const auto rank = static_cast<std::uint64_t>(call.rank());
        plan->first = cut(rank);
        plan->last = cut(rank + 1);
        mine = count_lines(plan->file, plan->head, plan->first, plan->last);
    });
    plan->rows = call.add_up(mine.rows);
    plan->lines = call.add_up(mine.lines);
    return plan;
}

index_list csv_extents(const csv_plan& plan) {
    index_list extents(plan.dimensions, static_cast<index_t>(plan.rows.all));
    if (plan.dimensions == 2) extents[1] = static_cast<index_t>(plan.head.columns);
    return extents;
}

void load_csv(array_core& to, const csv_plan& plan) {
    const index_list& wanted = to.cut().extents();
    plan.call.agree([&] {
        const index_list found = csv_extents(plan);
        const bool both_empty = found[0] == 0 && wanted[0] == 0;
        if (found != wanted && !both_empty)
            throw malformed(fmt::format("the file has {} rows of {} columns, the array extents {}",
                                        found[0], plan.head.columns, to_text(wanted)));
    });
    plan.call.fence();
    plan.call.agree([&] { read_rows(to, plan); });
    plan.call.fence();
}

} // namespace detail

csv_contents csv_info(const std::filesystem::path& file, const csv_options& options) {
    try {
        detail::require_separator(options.separator);
        const auto in = detail::posix_file::open_to_read(file.string());
        const detail::csv_head head = detail::read_head(in, options);
        const detail::line_counts counts =
            detail::count_lines(in, head, head.data_start, in.size());
        return {head.separator, head.names, static_cast<index_t>(counts.rows),
                static_cast<index_t>(head.columns)};
    } catch (const detail::malformed& wrong) {
        throw error(errc::io, fmt::format("csv_info(\"{}\"): {}", file.string(), wrong.what()));
    }
}

} // namespace nodespan
