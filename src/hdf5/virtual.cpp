#include "virtual.hpp"

#include "collective_io.hpp"
#include "nodespan/error.hpp"
#include "stored.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <optional>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

constexpr int deepest = 8; // sources may be virtual themselves, even in a circle

struct mapping {
    std::string file, dataset;
    hdf5_handle box;   // the box taken of it
    hdf5_handle whole; // its part of the dataset
};

template <class Get>
std::string text_by(Get&& get, const char* operation) {
    std::string text(static_cast<std::size_t>(hdf5_check(get(nullptr, 0), operation)), '\0');
    hdf5_check(get(text.data(), text.size() + 1), operation);
    return text;
}

mapping nth_mapping(hid_t made, std::size_t k) {
    return {text_by([&](char* to,
                        std::size_t bytes) { return H5Pget_virtual_filename(made, k, to, bytes); },
                    "H5Pget_virtual_filename"),
            text_by([&](char* to,
                        std::size_t bytes) { return H5Pget_virtual_dsetname(made, k, to, bytes); },
                    "H5Pget_virtual_dsetname"),
            {H5Pget_virtual_srcspace(made, k), "H5Pget_virtual_srcspace"},
            {H5Pget_virtual_vspace(made, k), "H5Pget_virtual_vspace"}};
}

// A name in which "%%" stands for "%"; nothing if "%b" in it stands for numbers.
std::optional<std::string> plain_name(const std::string& name) {
    std::string plain;
    for (std::size_t k = 0; k < name.size(); ++k) {
        if (name[k] == '%' && k + 1 < name.size()) {
            if (name[k + 1] == 'b') return std::nullopt;
            if (name[k + 1] == '%') ++k;
        }
        plain += name[k];
    }
    return plain;
}

// The paths at which HDF5 looks for sources, in its order.
std::vector<fs::path> paths_of(const std::string& name, const std::string& file) {
    std::vector<fs::path> paths;
    const fs::path folder = fs::path(file).parent_path();
    const fs::path last = fs::path(name).filename();
    if (fs::path(name).is_absolute()) paths.emplace_back(name);
    const fs::path sought = paths.empty() ? fs::path(name) : last;
    if (const char* set = std::getenv("HDF5_VDS_PREFIX"); set != nullptr && *set != '\0')
        paths.push_back(with_prefix(set, sought.string(), file));
    paths.push_back(folder / sought);
    paths.push_back(sought);
    std::error_code ignored;
    const fs::path target = fs::canonical(file, ignored); // where `file` is a symbolic link
    if (!ignored) paths.push_back(target.parent_path() / sought);
    return paths;
}

hdf5_handle open_source(const std::string& name, const std::string& file) {
    if (name == ".") return open_hdf5(file);
    for (const fs::path& path : paths_of(name, file)) {
        std::error_code ignored;
        if (fs::exists(path, ignored)) return open_hdf5(path.string());
    }
    refuse("there is no such file");
}

bool holds_all(const file_type& wanted, const file_type& found) {
    if (is_same_type(wanted, found)) return true;
    const bool is_integer = found.kind == 'i' || found.kind == 'u';
    if (wanted.kind == 'f') return (found.kind == 'f' || is_integer) && found.bytes < wanted.bytes;
    return (wanted.kind == 'i' || wanted.kind == found.kind) && is_integer &&
           found.bytes < wanted.bytes;
}

// If all of a source is taken, whatever its extents, it must have as many elements as its part.
void require_count(const mapping& part, const hdf5_source& source) {
    const hssize_t taken = H5Sget_select_npoints(part.whole.get());
    const hssize_t there = H5Sget_simple_extent_npoints(source.space.get());
    if (taken >= 0 && taken != there)
        refuse(fmt::format("it has {} elements, {} are taken", there, taken));
}

// The box taken of a source must lie in it; a box without an end grows with it.
void require_box(const mapping& part, const hdf5_source& source) {
    if (H5Sget_select_type(part.box.get()) == H5S_SEL_ALL) return require_count(part, source);
    const auto rank = static_cast<std::size_t>(
        hdf5_check(H5Sget_simple_extent_ndims(part.box.get()), "H5Sget_simple_extent_ndims"));
    if (rank != source.extents.size())
        refuse(fmt::format("it has {} dimensions instead of {}", source.extents.size(), rank));
    std::vector<hsize_t> first(rank), last(rank);
    if (H5Sget_select_npoints(part.box.get()) <= 0 ||
        H5Sget_select_bounds(part.box.get(), first.data(), last.data()) < 0)
        return;
    if (H5Sis_regular_hyperslab(part.box.get()) > 0) {
        std::vector<hsize_t> step(rank), count(rank), block(rank);
        hdf5_check(H5Sget_regular_hyperslab(part.box.get(), first.data(), step.data(), count.data(),
                                            block.data()),
                   "H5Sget_regular_hyperslab");
        for (std::size_t d = 0; d < rank; ++d)
            if (count[d] == H5S_UNLIMITED || block[d] == H5S_UNLIMITED) return;
    }
    for (std::size_t d = 0; d < rank; ++d)
        if (last[d] >= source.extents[d])
            refuse(fmt::format("it has {} elements along dimension {}, {} are taken",
                               source.extents[d], d, last[d] + 1));
}

void require_sources(const hdf5_source& source, int depth);

void require_source(const hdf5_source& whole, const mapping& part, int depth) {
    const auto file = plain_name(part.file), dataset = plain_name(part.dataset);
    if (!file || !dataset) return;
    try {
        const hdf5_handle open = open_source(*file, file_of(whole.data.get()));
        const hdf5_source source(open.get(), *dataset);
        if (!holds_all(whole.element, source.element))
            refuse(fmt::format("it holds {}, the virtual dataset {}", to_text(source.element),
                               to_text(whole.element)));
        source.require_countable();
        require_box(part, source);
        if (H5Pget_layout(source.made.get()) == H5D_VIRTUAL)
            require_sources(source, depth + 1);
        else
            require_stored(source);
    } catch (const error& failure) { // HDF5 would give the fill value instead
        refuse(fmt::format("the source \"{}\" of the virtual dataset, in {}, cannot be read: {}",
                           *dataset, *file,
                           std::string(failure.what()).substr(std::strlen("nodespan: "))));
    }
}

void require_sources(const hdf5_source& source, int depth) {
    if (depth > deepest) refuse("virtual datasets of virtual datasets, too many of them");
    std::size_t count = 0;
    hdf5_check(H5Pget_virtual_count(source.made.get(), &count), "H5Pget_virtual_count");
    for (std::size_t k = 0; k < count; ++k)
        require_source(source, nth_mapping(source.made.get(), k), depth);
}

} // namespace

fs::path with_prefix(const std::string& prefix, const std::string& name, const std::string& file) {
    constexpr const char* origin = "${ORIGIN}";
    if (prefix.empty() || prefix == ".") return name;
    if (!prefix.starts_with(origin)) return fs::path(prefix) / name;
    return fs::absolute(file).parent_path() /
           fs::path(prefix.substr(std::strlen(origin))).relative_path() / name;
}

void require_sources(const hdf5_source& source) {
    require_sources(source, 0);
}

} // namespace nodespan::detail
