#include "nodespan/csv.hpp"

#include "atomic_file.hpp"
#include "csv_dialect.hpp"
#include "csv_lines.hpp"
#include "csv_rows.hpp"
#include "csv_text.hpp"
#include "malformed.hpp"
#include "text_file.hpp"

#include <fmt/format.h>

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
    text_share mine;
};

namespace {

csv_head read_head(const posix_file& file, const csv_options& options) {
    std::optional<bool> has_header;
    if (options.header != csv_header::detect) has_header = options.header == csv_header::present;
    return read_csv_head(file, options.separator, has_header);
}

line_test row_test(const csv_head& head) {
    return [separator = head.separator](std::string_view line) {
        return !is_blank_line(line, separator);
    };
}

void read_csv_rows(array_core& to, const csv_plan& plan) {
    const index_list& extents = to.cut().extents();
    const csv_head& head = plan.head;
    row_reading how;
    how.row_bytes = head.columns * to.element_bytes();
    how.is_row = row_test(head);
    how.parse = [&](std::string_view line, index_t, std::byte* row) {
        parse_csv_line(line, head.separator, plan.type, head.columns, row);
    };
    how.store = [&](index_t first, index_t count, std::byte* rows) {
        patch_memory memory;
        memory.data = rows;
        memory.size = count * columns_of(extents);
        to.put(rows_box(extents, first, count), memory);
    };
    how.progress = plan.progress;
    read_rows(plan.file, plan.mine, how);
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
        csv_plan{call, std::move(in), {}, type, dimensions, options.progress, {}});
    call.agree([&] {
        plan->head = read_head(plan->file, options);
        if (dimensions == 1 && plan->head.columns > 1)
            throw malformed(fmt::format("the file has {} columns, the array one dimension",
                                        plan->head.columns));
    });
    plan->mine = share_text(plan->call, plan->file, plan->head.data_start, plan->head.lines_before,
                            row_test(plan->head));
    return plan;
}

index_list csv_extents(const csv_plan& plan) {
    index_list extents(plan.dimensions, static_cast<index_t>(plan.mine.rows.all));
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
    plan.call.agree([&] { read_csv_rows(to, plan); });
    plan.call.fence();
}

} // namespace detail

csv_contents csv_info(const std::filesystem::path& file, const csv_options& options) {
    try {
        detail::require_separator(options.separator);
        const auto in = detail::posix_file::open_to_read(file.string());
        const detail::csv_head head = detail::read_head(in, options);
        const detail::line_counts counts = detail::count_lines(in, head.data_start, head.data_start,
                                                               in.size(), detail::row_test(head));
        return {head.separator, head.names, static_cast<index_t>(counts.rows),
                static_cast<index_t>(head.columns)};
    } catch (const detail::malformed& wrong) {
        throw error(errc::io, fmt::format("csv_info(\"{}\"): {}", file.string(), wrong.what()));
    }
}

} // namespace nodespan
