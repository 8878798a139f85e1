#include "job.hpp"

#include "messages.hpp"

#include <fmt/format.h>
#include <nodespan/collectives.hpp>

#include <filesystem>

namespace nodespan::convert {
namespace {

namespace fs = std::filesystem;

std::string all_datasets(const std::vector<contents>& found) {
    std::string all;
    for (const contents& one : found) all += " " + one.dataset;
    return all;
}

std::vector<contents> list_all(const job& asked) {
    return list_contents({asked.from.kind, asked.from.file, {}}, asked.separator, asked.header);
}

// The one dataset that is meant: whatever its name leads to, which may be by a link that no list
// shows.
contents choose(const job& asked) {
    const std::string& file = asked.from.file;
    if (asked.from.kind != format::hdf5 || !asked.from.dataset.empty()) try {
            return list_contents(asked.from, asked.separator, asked.header).front();
        } catch (const error& failure) {
            if (asked.from.kind != format::hdf5) throw;
            const std::string all = all_datasets(list_all(asked));
            throw error(errc::io, fmt::format("{} has no dataset {}; it has:{} ({})", file,
                                              asked.from.dataset, all, failure.what()));
        }
    const std::vector<contents> found = list_all(asked);
    if (found.size() == 1) return found.front();
    throw usage_error(fmt::format("{0} has {1} datasets: name one as {0}:/dataset; it has:{2}",
                                  file, found.size(), all_datasets(found)));
}

// What is to be read, as far as the file's beginning tells; of CSV, nothing but the type.
contents look(const job& asked) {
    contents result;
    switch (asked.from.kind) {
    case format::raw:
        result.extents = asked.shape;
        [[fallthrough]];
    case format::csv:
        result.type = asked.type.value_or(dtype::float64);
        result.type_name = dtype_name(*result.type);
        if (asked.from.kind == format::csv) result.extents = {0, 0};
        return result;
    default:
        return choose(asked);
    }
}

void require_possible(const job& asked, const contents& what) {
    const std::string& file = asked.from.file;
    if (!what.type)
        throw error(errc::io,
                    fmt::format("{}: {} are no elements of an array", file, what.type_name));
    if (what.extents.empty() || what.extents.size() > max_dimensions)
        throw error(errc::io, fmt::format("{}: it has {} dimensions, and arrays have 1 to {}", file,
                                          what.extents.size(), max_dimensions));
    const char kind = detail::facts_of(*what.type).kind;
    if (asked.to.kind == format::csv && kind == 'c')
        throw error(errc::io, fmt::format("{}: CSV holds no complex numbers", file));
    if (asked.to.kind == format::csv && what.extents.size() > 2)
        throw error(errc::io, fmt::format("{}: {} has {} dimensions, and CSV rows and columns only",
                                          file, braces(what.extents), what.extents.size()));
    if (asked.from.kind == format::csv && kind == 'c')
        throw usage_error("CSV holds no complex numbers");
    if (asked.to.kind == format::hdf5 && kind == 'b')
        throw error(errc::io, fmt::format("{}: bool has no HDF5 type; convert it in Python with "
                                          "astype('uint8')",
                                          file));
    if (!asked.is_forced && fs::exists(asked.to.file))
        throw error(errc::io, fmt::format("{} exists; --force replaces it{}", asked.to.file,
                                          asked.to.kind == format::hdf5 ? ", all of it" : ""));
}

} // namespace

void require_usage(const job& asked) {
    const bool from_raw = asked.from.kind == format::raw, from_csv = asked.from.kind == format::csv;
    const bool to_csv = asked.to.kind == format::csv;
    if (from_raw && (!asked.type || asked.shape.empty()))
        throw usage_error("a raw file tells neither type nor shape: give --type and --shape");
    if (!from_raw && !asked.shape.empty()) throw usage_error("--shape is for raw files read");
    if (!from_raw && !from_csv && asked.type)
        throw usage_error("--type is for raw and CSV files read; other files tell theirs");
    if (!from_csv && !to_csv && asked.separator != 0)
        throw usage_error("--separator is for CSV files");
    if (!from_csv && asked.header != csv_header::detect)
        throw usage_error("--header is for CSV files read");
    if (!to_csv && !asked.names.empty()) throw usage_error("--names is for CSV files written");
    const bool has_layout =
        from_raw || asked.to.kind == format::raw || asked.to.kind == format::npy;
    if (!has_layout && (asked.is_big_endian || asked.is_column_major))
        throw usage_error("--big-endian and --column-major are for .npy and raw files");
    if (!from_raw && asked.to.kind != format::raw && asked.offset != 0)
        throw usage_error("--offset is for raw files");
#ifndef NODESPAN_HAS_HDF5
    if (asked.from.kind == format::hdf5 || asked.to.kind == format::hdf5)
        throw usage_error("this nodespan-convert was built without HDF5");
#endif
}

contents agree_on_contents(team& everyone, const job& asked) {
    contents what;
    on_first(everyone, [&] {
        what = look(asked);
        require_possible(asked, what);
    });
    int type = static_cast<int>(what.type.value_or(dtype::float64));
    broadcast(everyone, std::span(&type, 1));
    app::broadcast_message(everyone.comm(), what.dataset);
    app::broadcast_message(everyone.comm(), what.extents);
    what.type = static_cast<dtype>(type);
    what.type_name = dtype_name(*what.type);
    return what;
}

} // namespace nodespan::convert
