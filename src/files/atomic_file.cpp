#include "atomic_file.hpp"

#include "file_replacement.hpp"

#include <fmt/format.h>

namespace nodespan::detail {

std::string to_text(dtype type, const index_list& extents) {
    return dtype_name(type) + to_text(extents);
}

atomic_file::atomic_file(const char* operation, const std::string& what, std::string file,
                         const nodespan::team& ranks)
    : collective_io(access::core(ranks), fmt::format("{}({}, \"{}\")", operation, what, file)),
      file_(std::move(file)) {}

void atomic_file::replace(const std::function<void(posix_file&)>& prepare,
                          const std::function<void(posix_file&)>& write) const {
    file_replacement out;
    bool is_made = false;
    try {
        posix_file mine;
        agree([&] {
            out = file_replacement(file_);
            if (!is_first_rank()) return;
            mine = out.create();
            is_made = true;
            prepare(mine);
        });
        agree([&] {
            if (!is_first_rank()) mine = posix_file::open_to_write(out.part());
        });
        agree([&] { write(mine); });
        // On the disk before the file gets its name, or a crash could leave a name without
        // contents.
        agree([&] { mine.finish(); });
        agree([&] {
            if (is_first_rank()) out.give_name();
        });
    } catch (...) {
        if (is_made) out.drop();
        throw;
    }
}

} // namespace nodespan::detail
