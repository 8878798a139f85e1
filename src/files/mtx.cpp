#include "nodespan/mtx.hpp"

#include "element_io.hpp"
#include "even_cut.hpp"
#include "line_reader.hpp"
#include "malformed.hpp"
#include "mtx_header.hpp"
#include "text_file.hpp"
#include "text_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace nodespan {
namespace detail {

/// What all ranks know of a file before they read its values.
struct mtx_plan {
    atomic_file call;
    posix_file file;
    mtx_header header;
    dtype type;
    int dimensions;
    file_progress progress;
    text_share mine;
};

namespace {

constexpr index_t bytes_at_once = index_t{4} << 20;
constexpr std::size_t header_block = std::size_t{64} << 10;

struct mtx_head {
    mtx_header header;
    std::uint64_t bytes = 0; // up to the first value
};

mtx_head read_head(const posix_file& file) {
    mtx_header_parser parser;
    std::string banner(header_block, '\0'); // of other files it may be very long
    banner.resize(file.read_some(0, banner.data(), banner.size()));
    std::string_view beginning = banner;
    mtx_header_parser().take(take_line(beginning));
    line_reader lines(file, 0, 0, file.size(), header_block);
    while (const auto line = lines.next())
        if (parser.take(*line)) return {parser.header(), lines.position()};
    throw malformed("the file ends before the line with its rows and columns: it is truncated");
}

void require_fit(const mtx_header& header, dtype type, int dimensions) {
    if (!can_hold(type, header.field))
        throw malformed(fmt::format("the file holds {} numbers, the array {}",
                                    name_of(header.field), dtype_name(type)));
    if (dimensions == 1 && header.columns != 1)
        throw malformed(
            fmt::format("the file has {} columns, the array one dimension", header.columns));
    const char kind = facts_of(type).kind;
    if ((kind == 'b' || kind == 'u') && header.symmetry == mtx_symmetry::skew_symmetric)
        throw malformed(fmt::format("a skew-symmetric matrix has negative elements, and {} none",
                                    dtype_name(type)));
}

void require_all_values(const mtx_plan& plan) {
    const auto found = plan.mine.rows.all;
    const auto wanted = static_cast<std::uint64_t>(mtx_entries(plan.header).size());
    if (found == wanted) return;
    throw malformed(fmt::format(
        "line {} announces {} values, one a line, and the file has {} up to line {}: {}",
        plan.header.lines, wanted, found, plan.mine.lines_before + plan.mine.lines.all,
        found < wanted ? "it is truncated" : "something follows them"));
}

box<dynamic_rank> part(index_t row, index_t column, index_t rows, index_t columns) {
    box<dynamic_rank> result{index_list(2, row), index_list(2, row + rows)};
    result.lo[1] = column;
    result.hi[1] = column + columns;
    return result;
}

// Puts elements of the lower triangle, and what they are in the upper one.
void put_both_triangles(array_core& to, const mtx_plan& plan, index_t first, index_t count,
                        std::byte* values) {
    const mtx_entries entries(plan.header);
    const auto bytes = static_cast<index_t>(to.element_bytes());
    for (index_t done = 0; done < count;) {
        const auto [row, column] = entries[first + done];
        patch_memory memory;
        memory.data = values + done * bytes;
        memory.size = std::min(count - done, plan.header.rows - row);
        const index_t off = row == column ? 1 : 0; // the diagonal is no mirror image
        to.put(part(row, column, memory.size, 1), memory);
        done += memory.size;
        memory.data += off * bytes;
        memory.size -= off;
        if (memory.size == 0) continue;
        mirror_mtx_values(memory.data, static_cast<std::size_t>(memory.size), plan.header.symmetry,
                          plan.type);
        to.put(part(column, row + off, 1, memory.size), memory);
    }
}

// Its elements are in no file.
void clear_diagonal(array_core& to, const mtx_plan& plan) {
    const index_t size = plan.call.size(), rank = plan.call.rank(), all = plan.header.rows;
    const std::vector<std::byte> zero(to.element_bytes());
    for (index_t k = even_cut(all, rank, size); k < even_cut(all, rank + 1, size); ++k)
        to.put_element(index_list(plan.dimensions, k), zero.data());
}

void read_values(array_core& to, const mtx_plan& plan) {
    const bool is_general = plan.header.symmetry == mtx_symmetry::general;
    const mtx_entries entries(plan.header);
    row_reading how;
    how.row_bytes = to.element_bytes();
    how.is_row = is_mtx_value;
    how.parse = [&](std::string_view line, index_t element, std::byte* value) {
        try {
            parse_mtx_value(line, plan.header.field, plan.type, value);
        } catch (const malformed& wrong) {
            const auto [row, column] = entries[element];
            throw malformed(
                fmt::format("row {}, column {}: {}", row + 1, column + 1, wrong.what()));
        }
    };
    how.store = [&](index_t first, index_t count, std::byte* values) {
        if (is_general || plan.dimensions == 1)
            put_range(to, index_order::column_major, {first, count}, values);
        else
            put_both_triangles(to, plan, first, count, values);
    };
    how.progress = plan.progress;
    read_rows(plan.file, plan.mine, how);
    if (plan.header.symmetry == mtx_symmetry::skew_symmetric) clear_diagonal(to, plan);
}

// The text of some elements, piece by piece.
void format_values(const array_core& from, dtype type, const element_range& mine,
                   const text_taker& take) {
    const std::size_t bytes = from.element_bytes();
    const index_t step = bytes_at_once / static_cast<index_t>(bytes);
    std::vector<std::byte> values;
    std::string text;
    for (index_t done = 0; done < mine.count;) {
        const element_range part{mine.first + done, std::min(step, mine.count - done)};
        values.resize(static_cast<std::size_t>(part.count) * bytes);
        get_range(from, index_order::column_major, part, values.data());
        text.clear();
        for (std::size_t at = 0; at < values.size(); at += bytes)
            format_mtx_value(values.data() + at, type, text);
        done += part.count;
        take(text, done);
    }
}

} // namespace

void save_mtx(array_core& from, dtype type, const std::filesystem::path& file,
              const file_progress& progress) {
    const index_list& extents = from.cut().extents();
    const atomic_file call("save_mtx", to_text(type, extents), file.string(), from.get_team());
    call.fence();
    const element_range mine = share_of(from, index_order::column_major);
    write_text(call, format_mtx_header(type, extents[0], extents.size() == 2 ? extents[1] : 1),
               mine.count, progress,
               [&](const text_taker& take) { format_values(from, type, mine, take); });
}

std::shared_ptr<const mtx_plan> plan_mtx(const team& ranks, dtype type, int dimensions,
                                         const std::filesystem::path& file,
                                         const file_progress& progress) {
    atomic_file call("load_mtx", fmt::format("{}, {}", dtype_name(type), dimensions), file.string(),
                     ranks);
    posix_file in = call.open_to_read();
    const auto plan = std::make_shared<mtx_plan>(
        mtx_plan{call, std::move(in), {}, type, dimensions, progress, {}});
    std::uint64_t start = 0;
    plan->call.agree([&] {
        const mtx_head head = read_head(plan->file);
        plan->header = head.header;
        start = head.bytes;
        require_fit(plan->header, type, dimensions);
    });
    plan->mine = share_text(plan->call, plan->file, start, plan->header.lines, is_mtx_value);
    plan->call.agree([&] { require_all_values(*plan); });
    return plan;
}

index_list mtx_extents(const mtx_plan& plan) {
    index_list extents(plan.dimensions, plan.header.rows);
    if (plan.dimensions == 2) extents[1] = plan.header.columns;
    return extents;
}

void load_mtx(array_core& to, const mtx_plan& plan) {
    plan.call.agree([&] {
        const index_list found = mtx_extents(plan), &wanted = to.cut().extents();
        if (found != wanted)
            throw malformed(fmt::format("the file has extents {}, the array {}", to_text(found),
                                        to_text(wanted)));
    });
    plan.call.fence();
    plan.call.agree([&] { read_values(to, plan); });
    plan.call.fence();
}

} // namespace detail

mtx_contents mtx_info(const std::filesystem::path& file) {
    try {
        const detail::mtx_header header =
            detail::read_head(detail::posix_file::open_to_read(file.string())).header;
        const dtype type = header.field == detail::mtx_field::complex ? dtype::complex128
                           : header.field == detail::mtx_field::real  ? dtype::float64
                                                                      : dtype::int64;
        return {type, name_of(header.symmetry), header.rows, header.columns};
    } catch (const detail::malformed& wrong) {
        throw error(errc::io, fmt::format("mtx_info(\"{}\"): {}", file.string(), wrong.what()));
    }
}

} // namespace nodespan
