#include "nodespan/npy.hpp"

#include "element_io.hpp"
#include "malformed.hpp"
#include "npy_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace nodespan {
namespace detail {
namespace {

// Reads the header, and checks that the elements are there.
npy_header read_header(const posix_file& file) {
    std::string text(12, '\0');
    text.resize(file.read_some(0, text.data(), text.size()));
    text.resize(npy_header_bytes(text));
    text.resize(file.read_some(0, text.data(), text.size()));
    npy_header header = parse_npy_header(text);
    const std::uint64_t needed =
        header.data_offset + static_cast<std::uint64_t>(npy_size(header)) * bytes_of(header.type);
    if (file.size() < needed)
        throw malformed(fmt::format("the file has {} bytes, and its header announces {}: it is "
                                    "truncated",
                                    file.size(), needed));
    return header;
}

void require_fit(const npy_header& header, dtype type, std::size_t dimensions) {
    if (header.type != type)
        throw malformed(fmt::format("the file holds {}, the array {}", dtype_name(header.type),
                                    dtype_name(type)));
    if (header.shape.size() != dimensions)
        throw malformed(fmt::format("the file has {} dimensions, the array {}", header.shape.size(),
                                    dimensions));
}

} // namespace

void save_npy(array_core& from, dtype type, const std::filesystem::path& file,
              const npy_options& options) {
    const index_list& extents = from.cut().extents();
    const atomic_file call(
        "save_npy",
        fmt::format("{}{}{}", to_text(type, extents),
                    options.bytes == byte_order::big ? ", big endian" : "",
                    options.order == index_order::column_major ? ", column-major" : ""),
        file.string(), from.get_team());
    npy_header header{type, options.bytes, options.order, {extents.begin(), extents.end()}, 0};
    const std::string text = make_npy_header(header);
    const std::uint64_t elements_bytes =
        static_cast<std::uint64_t>(npy_size(header)) * bytes_of(type);
    call.fence();
    call.replace(
        [&](posix_file& out) {
            out.reserve(text.size() + elements_bytes);
            out.write(0, text.data(), text.size());
        },
        [&](posix_file& out) {
            write_elements(out, from, {text.size(), type, options.bytes, options.order},
                           options.progress);
        });
}

void load_npy(array_core& to, dtype type, const std::filesystem::path& file,
              const file_progress& progress) {
    const index_list& extents = to.cut().extents();
    const atomic_file call("load_npy", to_text(type, extents), file.string(), to.get_team());
    const posix_file in = call.open_to_read();
    npy_header header;
    call.agree([&] {
        header = read_header(in);
        require_fit(header, type, extents.size());
        if (!std::equal(extents.begin(), extents.end(), header.shape.begin()))
            throw malformed(fmt::format("the file has extents {{{}}}, the array {}",
                                        fmt::join(header.shape, ", "), to_text(extents)));
    });
    call.fence();
    call.agree([&] {
        read_elements(in, to, {header.data_offset, type, header.bytes, header.order}, progress);
    });
    call.fence();
}

index_list npy_extents(const team& ranks, dtype type, int dimensions,
                       const std::filesystem::path& file) {
    const atomic_file call("open_npy", fmt::format("{}, {}", dtype_name(type), dimensions),
                           file.string(), ranks);
    const posix_file in = call.open_to_read();
    index_list extents(dimensions, 0);
    call.agree([&] {
        const npy_header header = read_header(in);
        require_fit(header, type, extents.size());
        for (std::size_t d = 0; d < extents.size(); ++d) extents[d] = header.shape[d];
    });
    return extents;
}

} // namespace detail

npy_contents npy_info(const std::filesystem::path& file) {
    try {
        const auto in = detail::posix_file::open_to_read(file.string());
        const detail::npy_header header = detail::read_header(in);
        return {header.type, header.bytes, header.order, header.shape,
                static_cast<index_t>(header.data_offset)};
    } catch (const detail::malformed& wrong) {
        throw error(errc::io, fmt::format("npy_info(\"{}\"): {}", file.string(), wrong.what()));
    }
}

} // namespace nodespan
