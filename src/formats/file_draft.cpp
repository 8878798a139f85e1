#include "file_draft.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>

// How an existing file is changed, so that until apply() all bytes that were in it stay as they
// were.
//
// A draft knows the length that the file had when it was opened (old_bytes_). Writes behind this
// length go to the file at once: nothing in the old part points there, so readers of the old file
// do not see them. Writes before it change copies of whole pages in memory, each with its old
// contents beside it. Reads take the file and put the changed pages on top.
//
// Order at the end: all ranks sync the elements that they wrote behind the old end; the first rank
// syncs the rest behind the old end, reads all back through the draft, and only then calls apply().
// This writes the changed bytes of the old part, some KiB, and syncs again. A kill or a crash
// during apply() is the only one that can damage the file, because several writes are not one.
//
// If anything fails before apply(), the end of the draft sets the old length again, and no old byte
// has changed. If apply() itself fails, the old bytes are written back. A writer has the file
// locked (flock); after unlock() the draft takes changes back only if nobody else has the lock, or
// has changed the length.
//
// HDF5 cannot handle a write that fails: it could not close the file. So HDF5 is told that all went
// well, the draft keeps the error (fail) and ignores later writes, and the caller asks for it
// (require_good).

namespace nodespan::detail {
namespace {

constexpr std::uint64_t page_bytes = 4096;

// HDF5's own variable, for file systems whose locks do not work.
bool may_lock() {
    const char* const set = std::getenv("HDF5_USE_FILE_LOCKING");
    return set == nullptr || (std::string_view(set) != "FALSE" && std::string_view(set) != "0");
}

// Returns false if another writer has the lock. File systems without locks admit every writer.
bool try_lock(const posix_file& file) {
    return !may_lock() || ::flock(file.descriptor(), LOCK_EX | LOCK_NB) == 0 ||
           errno != EWOULDBLOCK;
}

[[noreturn]] void refuse_by_system(const char* what, const posix_file& file) {
    throw error(errc::io, fmt::format("{} {}: {}", what, file.name(), std::strerror(errno)));
}

} // namespace

file_draft::file_draft(posix_file file) : file_(std::move(file)) {
    if (!try_lock(file_))
        throw error(errc::io, fmt::format("{} is open in another program, or elsewhere in this "
                                          "one: it can be written when that has closed it",
                                          file_.name()));
}

file_draft file_draft::open(const std::string& name) {
    file_draft result(posix_file::open_to_write(name));
    result.old_bytes_ = result.file_.size();
    return result;
}

file_draft file_draft::make(posix_file empty) {
    return file_draft(std::move(empty));
}

file_draft::~file_draft() {
    if (file_.is_open() && !is_kept_) take_back();
}

file_draft::page& file_draft::page_at(std::uint64_t number) {
    if (const auto found = pages_.find(number); found != pages_.end()) return found->second;
    const std::uint64_t begin = number * page_bytes;
    std::vector<std::byte> was(std::min(page_bytes, old_bytes_ - begin));
    file_.read(begin, was.data(), was.size());
    return pages_[number] = {was, was};
}

void file_draft::read(std::uint64_t offset, void* to, std::size_t bytes) const {
    auto* const out = static_cast<std::byte*>(to);
    std::memset(out, 0, bytes); // zeros behind the end
    file_.read_some(offset, out, bytes);
    const std::uint64_t end = offset + bytes;
    for (auto at = pages_.lower_bound(offset / page_bytes);
         at != pages_.end() && at->first * page_bytes < end; ++at) {
        const std::uint64_t begin = at->first * page_bytes;
        const std::uint64_t from = std::max(begin, offset);
        const std::uint64_t upto = std::min(begin + at->second.is.size(), end);
        if (from < upto)
            std::memcpy(out + (from - offset), &at->second.is[from - begin], upto - from);
    }
}

void file_draft::write(std::uint64_t offset, const void* from, std::size_t bytes) {
    if (is_ignoring_) return;
    const auto* in = static_cast<const std::byte*>(from);
    while (bytes > 0 && offset < old_bytes_) {
        page& changed = page_at(offset / page_bytes);
        const std::uint64_t begin = offset % page_bytes;
        const std::size_t here = std::min<std::size_t>(bytes, changed.is.size() - begin);
        std::memcpy(&changed.is[begin], in, here);
        offset += here;
        in += here;
        bytes -= here;
    }
    if (bytes > 0) file_.write(offset, in, bytes);
}

void file_draft::set_size(std::uint64_t bytes) {
    bytes = std::max(bytes, old_bytes_);
    if (is_ignoring_ || bytes == size()) return;
    if (::ftruncate(file_.descriptor(), static_cast<off_t>(bytes)) != 0)
        refuse_by_system("cannot set the length of", file_);
}

void file_draft::fail(const std::string& why) {
    if (failure_.empty()) failure_ = why;
    is_ignoring_ = true;
}

void file_draft::require_good() const {
    if (!failure_.empty()) throw error(errc::io, failure_);
}

void file_draft::sync() const {
    if (::fsync(file_.descriptor()) != 0 && errno != EINVAL && errno != EROFS)
        refuse_by_system("cannot write", file_);
}

// Writes the bytes that differ in each page; with `is_back` the old ones.
void file_draft::write_changes(bool is_back) const {
    for (const auto& [number, changed] : pages_) {
        const auto first =
            std::mismatch(changed.is.begin(), changed.is.end(), changed.was.begin()).first;
        const auto last =
            std::mismatch(changed.is.rbegin(), changed.is.rend(), changed.was.rbegin()).first;
        if (first == changed.is.end()) continue;
        const auto begin = static_cast<std::size_t>(first - changed.is.begin());
        const auto bytes = static_cast<std::size_t>(last.base() - first);
        file_.write(number * page_bytes + begin,
                    (is_back ? changed.was : changed.is).data() + begin, bytes);
    }
}

void file_draft::apply() {
    is_applied_ = true;
    write_changes(false);
    sync();
}

void file_draft::unlock() {
    if (!may_lock()) return;
    left_bytes_ = file_.size();
    ::flock(file_.descriptor(), LOCK_UN);
}

void file_draft::take_back() noexcept {
    try {
        if (left_bytes_ && (!try_lock(file_) || file_.size() != *left_bytes_)) return;
        if (is_applied_) write_changes(true);
        is_ignoring_ = false;
        set_size(old_bytes_);
    } catch (const std::exception&) { // a file that could be written before
    }
}

} // namespace nodespan::detail
