#pragma once

#include "nodespan/detail/export.hpp"
#include "process_identity.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// A process, as a lock file names it.
struct lock_holder {
    std::string host; ///< for people, and for what has been started anew
    process_identity process;
    std::string job;             ///< of the batch system, such as "Slurm 17"; empty: none
    std::int64_t job_starts = 0; ///< how often the batch system had started that job before
    std::string since;           ///< when the lock was taken, for people

    /// This process, now.
    static lock_holder self();
    std::string to_text() const;

    /// Nothing where the text is no lock's.
    static std::optional<lock_holder> from_text(const std::string& text);

    /// Whether it has certainly ended, as the process `me` can tell: it had a number on the same
    /// machine that no process has, or another one; or its machine or its job has been started
    /// anew. Of other machines nothing else is known.
    bool is_gone(const lock_holder& me) const;
};

/// The file `lock` in a folder, by which programs keep off each other: who makes it holds the
/// folder. It comes into being whole, by a hard link, which is atomic on NFS too; file systems
/// without hard links get an exclusive creation instead. It is advisory.
class folder_lock {
public:
    folder_lock() = default; // holds nothing
    folder_lock(const folder_lock&) = delete;
    folder_lock& operator=(const folder_lock&) = delete;

    /// Gives the folder back, if this process took it. Throws nothing, and does not wait.
    ~folder_lock();

    /// Takes an existing folder, or finds that this process has it already. A lock whose holder is
    /// gone is broken.
    /// Errors: errc::io: another one holds it, with the way to break the lock by hand; the folder
    ///         cannot be written.
    void take(const std::filesystem::path& folder);

private:
    std::filesystem::path file_; // empty: holds nothing
};

} // namespace detail
} // namespace nodespan
