#include "nodespan/raw.hpp"

#include "element_io.hpp"

#include <fmt/format.h>

#include <limits>

namespace nodespan::detail {
namespace {

std::string describe(const array_core& array, dtype type, const raw_options& options) {
    return fmt::format("{} at {}{}{}", to_text(type, array.cut().extents()), options.offset,
                       options.bytes == byte_order::big ? ", big endian" : "",
                       options.order == index_order::column_major ? ", column-major" : "");
}

file_layout layout_of(const atomic_file& call, dtype type, const raw_options& options) {
    call.agree([&] {
        if (options.offset < 0 || options.offset > std::numeric_limits<index_t>::max() / 2)
            throw error(errc::invalid_argument,
                        fmt::format("no file has offset {}", options.offset));
    });
    return {static_cast<std::uint64_t>(options.offset), type, options.bytes, options.order};
}

std::uint64_t bytes_of_elements(const array_core& array) {
    const index_list zero(array.cut().dimensions(), 0);
    const box<dynamic_rank> all{zero, array.cut().extents()};
    return static_cast<std::uint64_t>(all.size()) * array.element_bytes();
}

} // namespace

void save_raw(array_core& from, dtype type, const std::filesystem::path& file,
              const raw_options& options) {
    const atomic_file call("save_raw", describe(from, type, options), file.string(),
                           from.get_team());
    const file_layout layout = layout_of(call, type, options);
    call.fence();
    call.replace([&](posix_file& out) { out.reserve(layout.offset + bytes_of_elements(from)); },
                 [&](posix_file& out) { write_elements(out, from, layout, options.progress); });
}

void load_raw(array_core& to, dtype type, const std::filesystem::path& file,
              const raw_options& options) {
    const atomic_file call("load_raw", describe(to, type, options), file.string(), to.get_team());
    const file_layout layout = layout_of(call, type, options);
    const posix_file in = call.open_to_read();
    call.agree([&] {
        const std::uint64_t needed = layout.offset + bytes_of_elements(to);
        if (in.size() < needed)
            throw error(errc::io, fmt::format("{} has {} bytes, the array needs {}", call.file(),
                                              in.size(), needed));
    });
    call.fence();
    call.agree([&] { read_elements(in, to, layout, options.progress); });
    call.fence();
}

} // namespace nodespan::detail
