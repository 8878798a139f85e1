#pragma once

#include "posix_file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// A file that is being changed. The bytes that it had when it was opened stay on the disk until
/// `apply`; their changes are held in memory. New bytes go behind its end at once, where nothing in
/// the old part points. An empty file has only new bytes. file_draft.cpp explains the order.
///
/// Others cannot open the file in the meantime, if the file system has locks (flock) and the
/// variable HDF5_USE_FILE_LOCKING does not forbid them. The destructor removes what was not kept.
class file_draft {
public:
    /// Opens an existing file; or takes an empty one.
    /// Errors: errc::io.
    static file_draft open(const std::string& name);
    static file_draft make(posix_file empty);
    file_draft(file_draft&&) noexcept = default;
    file_draft& operator=(file_draft&&) = delete;
    ~file_draft();

    const std::string& name() const noexcept { return file_.name(); }
    std::uint64_t old_bytes() const noexcept { return old_bytes_; }
    std::uint64_t size() const { return file_.size(); }

    /// Reads the bytes as they will be; zeros behind the end.
    /// Errors: errc::io.
    void read(std::uint64_t offset, void* to, std::size_t bytes) const;
    void write(std::uint64_t offset, const void* from, std::size_t bytes);
    /// Sets the length of the file, which cannot be less than its old length.
    /// Errors: errc::io.
    void set_size(std::uint64_t bytes);

    /// Waits until the new bytes are on the disk.
    /// Errors: errc::io.
    void sync() const;

    /// Writes the changes of the old bytes, one after the other, and syncs. A process that is
    /// killed in between leaves some of them. After an error the old bytes are restored.
    /// Errors: errc::io.
    void apply();

    /// Unlocks the file. The destructor still removes what was not kept, unless another program
    /// then has the file or has changed its length.
    void unlock();

    /// Makes `write` and `set_size` do nothing from now on, for writes that would fail.
    void ignore_writes() noexcept { is_ignoring_ = true; }

    /// The same, because of the error `why`, which `require_good` throws.
    void fail(const std::string& why);
    /// Errors: errc::io, if a write has failed.
    void require_good() const;

    /// Keeps all that was written and applied. Without it the destructor restores the old file.
    void keep() noexcept { is_kept_ = true; }

private:
    struct page {
        std::vector<std::byte> was, is;
    };

    explicit file_draft(posix_file file);
    page& page_at(std::uint64_t number);
    void write_changes(bool is_back) const;
    void take_back() noexcept;

    posix_file file_;
    std::uint64_t old_bytes_ = 0;
    std::map<std::uint64_t, page> pages_;     // old pages that have been changed
    std::optional<std::uint64_t> left_bytes_; // length of the file when it was unlocked
    std::string failure_;
    bool is_ignoring_ = false;
    bool is_applied_ = false;
    bool is_kept_ = false;
};

} // namespace nodespan::detail
