#include "convert.hpp"

#include "results.hpp"

#include <nodespan/nodespan.hpp>

#include <memory>

namespace nodespan::convert {
namespace {

// Shows how far the first rank's share is, as if all were as far with theirs. Shares are told in
// bytes, those of a CSV file written in passes over its rows.
file_progress watch(const team& everyone, const char* label, const place& file, const job& asked) {
    const bool is_written = &file == &asked.to;
    const char* const unit = is_written && file.kind == format::csv ? "" : "B";
    const auto shown = std::make_shared<std::unique_ptr<progress>>();
    return [&everyone, label, unit, quiet = asked.output.quiet, shown](index_t done, index_t of) {
        if (!*shown)
            *shown = std::make_unique<progress>(everyone, label, of * everyone.size(),
                                                progress_options{.unit = unit, .quiet = quiet});
        (*shown)->update(done * everyone.size());
    };
}

// How a file without a header lies, or is to be written.
raw_options layout_of(const job& asked, const place& which) {
    const bool is_meant = asked.from.kind != format::raw || &which == &asked.from;
    if (!is_meant) return {};
    return {asked.offset,
            asked.is_big_endian ? byte_order::big : byte_order::little,
            asked.is_column_major ? index_order::column_major : index_order::row_major,
            {}};
}

csv_options reading_options(const job& asked) {
    csv_options options;
    options.separator = asked.separator;
    options.header = asked.header;
    return options;
}

csv_options writing_options(const job& asked) {
    csv_options options;
    options.names = asked.names;
    options.separator = asked.from.kind == format::csv ? '\0' : asked.separator;
    if (options.separator == 0 && asked.to.file.ends_with(".tsv")) options.separator = '\t';
    return options;
}

template <class T, int N>
array<T, N> read(team& everyone, const job& asked, const contents& what) {
    const file_progress progress = watch(everyone, "reading", asked.from, asked);
    const std::string& file = asked.from.file;
    if constexpr (csv_number<T> && N == 2)
        if (asked.from.kind == format::csv) {
            csv_options options = reading_options(asked);
            options.progress = progress;
            return open_csv<T, N>(everyone, file, options);
        }
    indices<N> extents{};
    std::copy_n(what.extents.begin(), N, extents.begin());
    array<T, N> result(everyone, extents);
    if (asked.from.kind == format::npy) load_npy(result, file, progress);
    if (asked.from.kind == format::raw) {
        raw_options options = layout_of(asked, asked.from);
        options.progress = progress;
        load_raw(result, file, options);
    }
#ifdef NODESPAN_HAS_HDF5
    if constexpr (storable<T>)
        if (asked.from.kind == format::hdf5) load_hdf5(result, file, what.dataset);
#endif
    return result;
}

template <class T, int N>
void write(array<T, N>& from, team& everyone, const job& asked) {
    const file_progress progress = watch(everyone, "writing", asked.to, asked);
    const std::string& file = asked.to.file;
    raw_options layout = layout_of(asked, asked.to);
    layout.progress = progress;
    if (asked.to.kind == format::npy) save_npy(from, file, {layout.bytes, layout.order, progress});
    if (asked.to.kind == format::raw) save_raw(from, file, layout);
    if constexpr (csv_number<T> && N <= 2)
        if (asked.to.kind == format::csv) {
            csv_options options = writing_options(asked);
            options.progress = progress;
            save_csv(from, file, options);
        }
#ifdef NODESPAN_HAS_HDF5
    if constexpr (storable<T>)
        if (asked.to.kind == format::hdf5)
            save_hdf5(from, file, asked.to.dataset.empty() ? "data" : asked.to.dataset);
#endif
}

double now() {
    return MPI_Wtime();
}

template <class T, int N>
void move(team& everyone, const job& asked, outcome& result) {
    const double start = now();
    array<T, N> data = read<T, N>(everyone, asked, result.what);
    const double middle = now();
    result.what.extents.assign(data.extents().begin(), data.extents().end());
    if (!asked.output.quiet) result.numbers = statistics_of(data, everyone);
    const double end = now();
    write(data, everyone, asked);
    result.read_seconds = middle - start;
    result.write_seconds = now() - end;
}

template <class T>
void move(team& everyone, const job& asked, outcome& result) {
    switch (result.what.extents.size()) {
    case 1:
        return move<T, 1>(everyone, asked, result);
    case 2:
        return move<T, 2>(everyone, asked, result);
    case 3:
        return move<T, 3>(everyone, asked, result);
    case 4:
        return move<T, 4>(everyone, asked, result);
    case 5:
        return move<T, 5>(everyone, asked, result);
    default:
        return move<T, 6>(everyone, asked, result);
    }
}

} // namespace

outcome run(team& everyone, const job& asked) {
    require_usage(asked);
    app::require_writable(everyone, {{"", asked.to.file, true}, app::planned_json(asked.output)});
    outcome result;
    result.from = asked.from;
    result.to = asked.to;
    if (result.to.kind == format::hdf5 && result.to.dataset.empty()) result.to.dataset = "data";
    result.what = agree_on_contents(everyone, asked);
    if (result.from.kind == format::hdf5) result.from.dataset = result.what.dataset;
    result.ranks = everyone.size();
    result.nodes = everyone.nodes();
    visit(*result.what.type,
          [&]<class T>(std::type_identity<T>) { move<T>(everyone, asked, result); });
    return result;
}

} // namespace nodespan::convert
