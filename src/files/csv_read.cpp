#include "nodespan/csv.hpp"

#include "atomic_file.hpp"
#include "csv_dialect.hpp"
#include "csv_lines.hpp"
#include "csv_rows.hpp"
#include "csv_text.hpp"
#include "even_cut.hpp"
#include "malformed.hpp"

#include <fmt/format.h>

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

constexpr index_t bytes_at_once = index_t{4} << 20;

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

// Parsed rows, until there are enough of them to be put into the array.
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

} // namespace

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
        const auto rank = static_cast<std::uint64_t>(call.rank());
        plan->first = start + even_cut(all, rank, count);
        plan->last = start + even_cut(all, rank + 1, count);
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
