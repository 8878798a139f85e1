#pragma once

#include "posix_file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// A file that is being changed. What lay in it when it was opened stays so on the disk until
/// `apply`: changes of it are held in memory. What is new goes behind its end at once, where
/// nothing in it points to. An empty file is all new.
///
/// Nobody else has the file meanwhile, as far as the file system has locks (flock) and the variable
/// HDF5_USE_FILE_LOCKING does not forbid them. The end takes back what was not kept.
class file_draft {
public:
    /// One that is there; or an empty one.
    /// Errors: errc::io.
    static file_draft open(const std::string& name);
    static file_draft make(posix_file empty);
    file_draft(file_draft&&) noexcept = default;
    file_draft& operator=(file_draft&&) = delete;
    ~file_draft();

    const std::string& name() const noexcept { return file_.name(); }
    std::uint64_t old_bytes() const noexcept { return old_bytes_; }
    std::uint64_t size() const { return file_.size(); }

    /// As they will be; zeros behind the end.
    /// Errors: errc::io.
    void read(std::uint64_t offset, void* to, std::size_t bytes) const;
    void write(std::uint64_t offset, const void* from, std::size_t bytes);
    /// Ends the file there, but not before what was in it.
    /// Errors: errc::io.
    void set_size(std::uint64_t bytes);

    /// Has what is new on the disk.
    /// Errors: errc::io.
    void sync() const;

    /// Has the changes of what was there on the disk: some writes, one after the other, and a sync.
    /// A process that is killed in between leaves some of them. After an error the old bytes are
    /// back.
    /// Errors: errc::io.
    void apply();

    /// Lets others have it. The end still takes back what is not kept, unless somebody else then
    /// has the file, or has changed its length.
    void unlock();

    /// From here on `write` and `set_size` do nothing: those that would have to fail.
    void ignore_writes() noexcept { is_ignoring_ = true; }

    /// Ignores them because of this, which `require_good` tells.
    void fail(const std::string& why);
    /// Errors: errc::io, if it has failed.
    void require_good() const;

    /// All that was written, and applied, stays. Otherwise the end makes the file what it was.
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
    std::map<std::uint64_t, page> pages_;     // of what was there, those that change
    std::optional<std::uint64_t> left_bytes_; // of the file, when others could have it
    std::string failure_;
    bool is_ignoring_ = false;
    bool is_applied_ = false;
    bool is_kept_ = false;
};

} // namespace nodespan::detail
