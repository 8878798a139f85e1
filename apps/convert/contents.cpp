#include "contents.hpp"

#include "messages.hpp"

#ifdef NODESPAN_HAS_HDF5
#include <nodespan/hdf5_info.hpp>
#endif

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/npy.hpp>

#include <filesystem>

namespace nodespan::convert {

std::string braces(const std::vector<index_t>& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

namespace {

namespace fs = std::filesystem;

contents npy_contents_of(const std::string& file) {
    const npy_contents found = npy_info(file);
    contents result{{}, found.type, dtype_name(found.type), found.extents, {}, {}};
    result.notes = found.order == index_order::row_major ? "row-major" : "column-major";
    if (bytes_of(found.type) > 1)
        result.notes += found.bytes == byte_order::little ? ", little endian" : ", big endian";
    return result;
}

contents csv_contents_of(const std::string& file, char separator, csv_header header) {
    csv_options options;
    options.separator = separator;
    options.header = header;
    const csv_contents found = csv_info(file, options);
    return {{},          dtype::float64,
            "text",      {found.rows, found.columns},
            found.names, "separator " + separator_name(found.separator)};
}

contents raw_contents_of(const std::string& file) {
    std::error_code problem;
    const auto bytes = fs::file_size(file, problem);
    if (problem)
        throw error(errc::io, fmt::format("cannot look at {}: {}", file, problem.message()));
    return {
        {}, {}, "bytes", {static_cast<index_t>(bytes)}, {}, "raw: only --type and --shape tell"};
}

#ifdef NODESPAN_HAS_HDF5
contents contents_of(const dataset_info& one) {
    std::string notes;
    if (!one.chunk.empty()) notes = fmt::format("chunks {}", braces(one.chunk));
    if (!one.filters.empty()) notes += fmt::format(", {}", fmt::join(one.filters, ", "));
    return {one.path, find_dtype(one.type), one.type, one.extents, {}, notes};
}

std::vector<contents> hdf5_contents_of(const place& where) {
    if (!where.dataset.empty()) return {contents_of(describe_dataset(where.file, where.dataset))};
    std::vector<contents> result;
    for (const dataset_info& one : list_datasets(where.file)) result.push_back(contents_of(one));
    return result;
}
#endif

const char* format_name(format kind) {
    switch (kind) {
    case format::npy:
        return "NumPy";
    case format::csv:
        return "CSV";
    case format::raw:
        return "raw";
    case format::hdf5:
        return "HDF5";
    }
    return "";
}

} // namespace

std::vector<contents> list_contents(const place& where, char separator, csv_header header) {
    switch (where.kind) {
    case format::npy:
        return {npy_contents_of(where.file)};
    case format::csv:
        return {csv_contents_of(where.file, separator, header)};
    case format::raw:
        return {raw_contents_of(where.file)};
    case format::hdf5:
        break;
    }
#ifdef NODESPAN_HAS_HDF5
    return hdf5_contents_of(where);
#else
    throw usage_error("this nodespan-convert was built without HDF5");
#endif
}

void on_first(team& everyone, const std::function<void()>& body) {
    enum { well, wrong_usage, failed };
    int outcome = well;
    std::string text;
    if (everyone.rank() == 0) try {
            body();
        } catch (const usage_error& wrong) {
            outcome = wrong_usage;
            text = wrong.what();
        } catch (const std::exception& failure) {
            outcome = failed;
            text = failure.what();
        }
    broadcast(everyone, std::span(&outcome, 1));
    if (outcome == well) return;
    app::broadcast_message(everyone.comm(), text);
    if (outcome == wrong_usage) throw usage_error(text);
    if (text.starts_with("nodespan: ")) text.erase(0, 10); // error puts it in front
    throw error(errc::io, text, true);
}

std::string to_text(const place& where, const std::vector<contents>& found) {
    std::string text = fmt::format("{}: {}", where.file, format_name(where.kind));
    if (where.kind == format::hdf5) {
        text += fmt::format(", {} dataset{}\n", found.size(), found.size() == 1 ? "" : "s");
        for (const contents& one : found)
            text += fmt::format("  {}  {} {}{}{}\n", one.dataset, one.type_name,
                                braces(one.extents), one.notes.empty() ? "" : ", ", one.notes);
        return text;
    }
    const contents& one = found.front();
    if (where.kind == format::csv) {
        text +=
            fmt::format(", {} rows, {} columns, {}\n", one.extents[0], one.extents[1], one.notes);
        if (!one.names.empty()) text += fmt::format("  header: {}\n", fmt::join(one.names, ", "));
        return text;
    }
    return text + fmt::format(", {} {}, {}\n", one.type_name, braces(one.extents), one.notes);
}

std::string to_json(const place& where, const std::vector<contents>& found) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const contents& one : found) {
        nlohmann::ordered_json entry;
        if (!one.dataset.empty()) entry["dataset"] = one.dataset;
        entry["type"] = one.type_name;
        entry["extents"] = one.extents;
        if (!one.names.empty()) entry["names"] = one.names;
        if (!one.notes.empty()) entry["notes"] = one.notes;
        list.push_back(entry);
    }
    return nlohmann::ordered_json{
        {"file", where.file}, {"format", format_name(where.kind)}, {"datasets", list}}
        .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace nodespan::convert
