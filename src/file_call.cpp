#include "file_call.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace nodespan::detail {

std::string to_text(number_type type, const index_list& extents) {
    return to_string(type) + to_text(extents);
}

file_call::file_call(const char* operation, const std::string& what, std::string file,
                     const nodespan::team& ranks)
    : io_call(ranks.core(), fmt::format("{}({}, \"{}\")", operation, what, file)),
      file_(std::move(file)) {}

void file_call::replace(const std::function<void(posix_file&)>& prepare,
                        const std::function<void(posix_file&)>& write) const {
    bool is_made = false;
    try {
        posix_file mine;
        agree([&] {
            if (!is_first_rank()) return;
            mine = posix_file::create(part());
            is_made = true;
            prepare(mine);
        });
        agree([&] {
            if (!is_first_rank()) mine = posix_file::open_to_write(part());
        });
        agree([&] { write(mine); });
        // On the disk before the file gets its name, or a crash could leave a name without
        // contents.
        agree([&] { mine.finish(); });
        agree([&] {
            if (is_first_rank()) rename_file(part(), file_);
        });
    } catch (...) {
        if (is_made) std::remove(part().c_str());
        throw;
    }
}

} // namespace nodespan::detail
