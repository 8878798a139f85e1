#include "nodespan/csv.hpp"

#include "atomic_file.hpp"
#include "csv_dialect.hpp"
#include "csv_rows.hpp"
#include "csv_text.hpp"
#include "even_cut.hpp"
#include "text_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodespan::detail {
namespace {

constexpr index_t bytes_at_once = index_t{4} << 20;

// The rows that a rank writes: its own rows if ranks have whole rows.
struct row_share {
    index_t first = 0;
    index_t count = 0;
};

row_share rows_of(const array_core& array) {
    const distribution& cut = array.cut();
    bool have_rows = !cut.is_cyclic();
    for (int rank = 0; have_rows && rank < cut.placement().size(); ++rank) {
        const box<dynamic_rank> part = cut.rank_box(rank);
        have_rows &= part.empty() || columns_of(part.extents()) == columns_of(cut.extents());
    }
    const box<dynamic_rank>& mine = array.rank_places();
    if (have_rows)
        return mine.empty() ? row_share{} : row_share{mine.lo[0], mine.hi[0] - mine.lo[0]};
    const index_t rows = cut.extents()[0], ranks = array.get_team().size();
    const index_t rank = array.get_team().rank();
    const index_t start = even_cut(rows, rank, ranks);
    return {start, even_cut(rows, rank + 1, ranks) - start};
}

// The text of some rows, piece by piece.
void format_rows(const array_core& from, dtype type, const row_share& mine, char separator,
                 const text_taker& take) {
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
        take(text, done);
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
    write_text(call, format_csv_names(options.names, separator, extents[0] > 0), mine.count,
               options.progress,
               [&](const text_taker& take) { format_rows(from, type, mine, separator, take); });
}

} // namespace nodespan::detail
