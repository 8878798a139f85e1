#include "nodespan/hdf5_info.hpp"

#include "attributes.hpp"
#include "collective_io.hpp"
#include "contiguous_io.hpp"
#include "source.hpp"
#include "stored.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace nodespan {
namespace detail {
namespace {

std::vector<index_t> chunk_of(hid_t made, std::size_t dimensions) {
    if (H5Pget_layout(made) != H5D_CHUNKED) return {};
    std::vector<hsize_t> chunk(dimensions);
    hdf5_check(H5Pget_chunk(made, static_cast<int>(dimensions), chunk.data()), "H5Pget_chunk");
    return {chunk.begin(), chunk.end()};
}

std::vector<std::string> filters_of(hid_t made) {
    std::vector<std::string> result;
    const auto count = hdf5_check(H5Pget_nfilters(made), "H5Pget_nfilters");
    for (unsigned k = 0; k < static_cast<unsigned>(count); ++k) {
        char name[64] = "";
        std::size_t no_values = 0;
        unsigned flags = 0, settings = 0;
        hdf5_check(
            H5Pget_filter2(made, k, &flags, &no_values, nullptr, sizeof name, name, &settings),
            "H5Pget_filter2");
        result.emplace_back(name);
    }
    return result;
}

// As load_hdf5 and open_hdf5 decide it.
bool is_loadable(const hdf5_source& source) {
    try {
        source.require_array();
        require_stored(source);
        return true;
    } catch (const error&) {
        return false;
    }
}

dataset_info describe(hid_t file, const std::string& path) {
    const hdf5_source source(file, path);
    dataset_info result;
    result.path = path.starts_with('/') ? path : "/" + path;
    result.type = to_text(source.element);
    result.is_loadable = is_loadable(source);
    result.extents.assign(source.extents.begin(), source.extents.end());
    result.chunk = chunk_of(source.made.get(), source.extents.size());
    result.filters = filters_of(source.made.get());
    result.stored_bytes = H5Dget_storage_size(source.data.get());
    result.attributes = attributes_of(source.data.get());
    return result;
}

struct found_paths {
    std::vector<std::string> paths;
    std::exception_ptr failure;
};

#if H5_VERSION_GE(1, 12, 0)
using object_info = H5O_info2_t;
constexpr auto visit_objects = &H5Ovisit3;
#else
using object_info = H5O_info_t;
constexpr auto visit_objects = &H5Ovisit2;
#endif

herr_t note_dataset(hid_t, const char* name, const object_info* about, void* data) {
    auto& found = *static_cast<found_paths*>(data);
    try { // no exception may pass through HDF5
        if (about->type == H5O_TYPE_DATASET) found.paths.emplace_back(name);
    } catch (...) {
        found.failure = std::current_exception();
        return -1;
    }
    return 0;
}

// In HDF5's own order: HDF5 cannot sort the links of a damaged group, and would end the process.
std::vector<dataset_info> describe_all(hid_t file) {
    found_paths found;
    const herr_t result =
        visit_objects(file, H5_INDEX_NAME, H5_ITER_NATIVE, &note_dataset, &found, H5O_INFO_BASIC);
    if (found.failure) std::rethrow_exception(found.failure);
    hdf5_check(result, "H5Ovisit");
    std::sort(found.paths.begin(), found.paths.end());
    std::vector<dataset_info> all;
    for (const std::string& path : found.paths) all.push_back(describe(file, path));
    return all;
}

attributes attributes_in(hid_t file, const std::string& object) {
    return attributes_of(hdf5_handle(H5Oopen(file, object.c_str(), H5P_DEFAULT), "H5Oopen").get());
}

// Runs a query on a file, for this process only.
template <class Ask>
auto ask_alone(const std::string& call, const std::string& file, Ask&& ask) {
    refuse_zero_bytes(call);
    const quiet_hdf5 quiet;
    try {
        return ask(open_hdf5(file).get());
    } catch (const error& failure) {
        throw named(call, failure);
    }
}

// The same on all ranks of a team, which agree on its success.
template <class Ask>
auto ask_together(const team& team, const std::string& text, const std::string& file, Ask&& ask) {
    const collective_io call(detail::access::core(team), text);
    const quiet_hdf5 quiet;
    decltype(ask(hid_t())) answer;
    call.agree([&] { answer = ask(open_hdf5(file).get()); });
    return answer;
}

std::string quote(const char* operation, const std::filesystem::path& file) {
    return fmt::format("{}(\"{}\")", operation, file.string());
}

std::string quote(const char* operation, const std::filesystem::path& file,
                  const std::string& object) {
    return fmt::format("{}(\"{}\", \"{}\")", operation, file.string(), object);
}

} // namespace
} // namespace detail

std::vector<dataset_info> list_datasets(const std::filesystem::path& file) {
    return detail::ask_alone(detail::quote("list_datasets", file), file.string(),
                             detail::describe_all);
}

std::vector<dataset_info> list_datasets(const team& team, const std::filesystem::path& file) {
    return detail::ask_together(team, detail::quote("list_datasets", file), file.string(),
                                detail::describe_all);
}

dataset_info describe_dataset(const std::filesystem::path& file, const std::string& dataset) {
    return detail::ask_alone(detail::quote("describe_dataset", file, dataset), file.string(),
                             [&](hid_t open) { return detail::describe(open, dataset); });
}

dataset_info describe_dataset(const team& team, const std::filesystem::path& file,
                              const std::string& dataset) {
    return detail::ask_together(team, detail::quote("describe_dataset", file, dataset),
                                file.string(),
                                [&](hid_t open) { return detail::describe(open, dataset); });
}

attributes read_attributes(const std::filesystem::path& file, const std::string& object) {
    return detail::ask_alone(detail::quote("read_attributes", file, object), file.string(),
                             [&](hid_t open) { return detail::attributes_in(open, object); });
}

attributes read_attributes(const team& team, const std::filesystem::path& file,
                           const std::string& object) {
    return detail::ask_together(team, detail::quote("read_attributes", file, object), file.string(),
                                [&](hid_t open) { return detail::attributes_in(open, object); });
}

} // namespace nodespan
