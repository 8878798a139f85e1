#include "stored.hpp"

#include "collective_io.hpp"
#include "virtual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace nodespan::detail {
namespace {

std::uint64_t length_of(const std::string& file) {
    return posix_file::open_to_read(file).size();
}

void require_compact(const hdf5_source& source) {
    const std::uint64_t stored = H5Dget_storage_size(source.data.get());
    if (stored < source.bytes()) // HDF5 1.10 would read on behind them
        refuse(fmt::format("the dataset is damaged: its extents need {} bytes, {} are stored",
                           source.bytes(), stored));
}

void require_contiguous(const hdf5_source& source) {
    const std::uint64_t stored = H5Dget_storage_size(source.data.get());
    if (stored == 0) return; // never written
    if (stored < source.bytes())
        refuse(fmt::format("the dataset is damaged: its extents need {} bytes, {} are stored",
                           source.bytes(), stored));
    const std::uint64_t address = H5Dget_offset(source.data.get());
    const std::uint64_t length = length_of(file_of(source.data.get()));
    if (address > length || length - address < source.bytes())
        refuse(fmt::format("the dataset is damaged, or the file truncated: {} bytes of elements at "
                           "{} are more than the file's {} bytes",
                           source.bytes(), address, length));
}

// The path at which HDF5 looks for an external file of elements.
std::filesystem::path path_of_external(const hdf5_source& source, const std::string& name) {
    const char* set = std::getenv("HDF5_EXTFILE_PREFIX");
    return with_prefix(set != nullptr ? set : "", name, file_of(source.data.get()));
}

void require_external(const hdf5_source& source) {
    const auto count = static_cast<unsigned>(
        hdf5_check(H5Pget_external_count(source.made.get()), "H5Pget_external_count"));
    std::uint64_t left = source.bytes();
    for (unsigned k = 0; k < count && left > 0; ++k) {
        std::string name(4096, '\0');
        off_t begin = 0;
        hsize_t room = 0; // H5F_UNLIMITED is the largest there is
        hdf5_check(
            H5Pget_external(source.made.get(), k, name.size() - 1, name.data(), &begin, &room),
            "H5Pget_external");
        const std::string file = path_of_external(source, name.c_str()).string();
        const std::uint64_t needed = std::min<std::uint64_t>(left, room);
        const std::uint64_t length = length_of(file);
        const auto offset = static_cast<std::uint64_t>(begin);
        if (offset > length || length - offset < needed) // HDF5 would give zeros for them
            refuse(fmt::format("the dataset's elements are in {}, which has {} bytes; {} are "
                               "needed from {} on",
                               file, length, needed, offset));
        left -= needed;
    }
    if (left > 0)
        refuse(
            fmt::format("the dataset is damaged: the files of its elements lack {} bytes", left));
}

bool is_decodable(H5Z_filter_t filter) {
    unsigned settings = 0;
    return H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &settings) >= 0 &&
           (settings & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
}

// Chunks are checked one by one, when they are unpacked.
void require_filters(const hdf5_source& source) {
    if (H5Dget_storage_size(source.data.get()) == 0) return; // nothing was filtered yet
    const auto count = hdf5_check(H5Pget_nfilters(source.made.get()), "H5Pget_nfilters");
    for (unsigned k = 0; k < static_cast<unsigned>(count); ++k) {
        char name[256] = "";
        std::size_t no_values = 0;
        unsigned flags = 0, settings = 0;
        const auto filter = static_cast<H5Z_filter_t>(
            hdf5_check(H5Pget_filter2(source.made.get(), k, &flags, &no_values, nullptr,
                                      sizeof name - 1, name, &settings),
                       "H5Pget_filter2"));
        if (!is_decodable(filter))
            refuse(fmt::format("filter {} ({}) is not installed: HDF5_PLUGIN_PATH names the folder "
                               "of HDF5's filter plugins",
                               name, filter));
    }
}

} // namespace

void require_stored(const hdf5_source& source) {
    if (source.is_empty()) return;
    switch (H5Pget_layout(source.made.get())) {
    case H5D_COMPACT:
        return require_compact(source);
    case H5D_CONTIGUOUS:
        return H5Pget_external_count(source.made.get()) > 0 ? require_external(source)
                                                            : require_contiguous(source);
    case H5D_CHUNKED:
        return require_filters(source);
    case H5D_VIRTUAL:
        return require_sources(source);
    default:
        refuse("the dataset is stored in a way that is not known");
    }
}

} // namespace nodespan::detail
