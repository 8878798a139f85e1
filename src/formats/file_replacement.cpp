#include "file_replacement.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// How a file is replaced, so that after a crash at any moment its name leads to the whole old file
// or to the whole new one.
//
// The new file is written under the name `file`.part, in the same folder as the old one, because
// rename cannot go from one file system to another. Links are followed first: the link stays, and
// the file that it leads to is replaced. Only one rank creates the file and gives it its name; the
// others open the file that is there.
//
// Order: create() removes a left-over .part of an earlier run, unless a lock (flock) shows that
// somebody still writes it, makes the new file (O_EXCL), and locks it. All ranks then write, and
// fsync what they wrote. After they have agreed that this went well, give_name() copies owner,
// group and mode of the old file and renames; rename is atomic. Last, it syncs the folder, so that
// the new name is on the disk too.
//
// If anything fails, or a rank leaves, drop() removes the .part file, and the old file has not been
// touched. If the job is killed, a .part file is left over, and the next run removes it.

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40; // as many as Linux follows

[[noreturn]] void refuse(const std::string& what, int cause) {
    throw error(errc::io, fmt::format("{}: {}", what, std::strerror(cause)));
}

// The status of the file to which a name leads; nothing if there is no such file.
std::optional<struct stat> status_of(const std::string& name) {
    struct stat status {};
    if (::stat(name.c_str(), &status) == 0) return status;
    if (errno == ENOENT) return std::nullopt;
    refuse(fmt::format("cannot look at {}", name), errno);
}

bool is_link(const fs::path& name) {
    struct stat status {};
    return ::lstat(name.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

std::string end_of_links(const std::string& name) {
    require_whole_name(name);
    fs::path result = name;
    for (int k = 0; is_link(result); ++k) {
        std::error_code problem;
        const fs::path next = fs::read_symlink(result, problem);
        if (problem || k == most_links)
            refuse(fmt::format("cannot follow the link {}", name),
                   problem ? problem.value() : ELOOP);
        result = next.is_absolute() ? next : result.parent_path() / next;
    }
    return result.string();
}

// The new file's mode if it could not get the old file's group: the rights of that group are given
// to no other.
mode_t without_group(mode_t mode) {
    return mode & ~static_cast<mode_t>(S_IRWXG) & 0777;
}

// Removes the .part file of an earlier run, unless another program still writes it.
void clear(const std::string& part) {
    const int left = open(part.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool is_busy = left >= 0 && ::flock(left, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (left >= 0) close(left);
    if (is_busy)
        throw error(errc::io, fmt::format("{} is being written, by another program or elsewhere in "
                                          "this one",
                                          part));
    if (::unlink(part.c_str()) != 0 && errno != ENOENT)
        refuse(fmt::format("cannot remove {}, which is in the way", part), errno);
}

void sync_folder_of(const std::string& file) {
    fs::path folder = fs::path(file).parent_path();
    if (folder.empty()) folder = ".";
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return; // without the right to read it, there is no sync
    fsync(descriptor);
    close(descriptor);
}

} // namespace

file_replacement::file_replacement(const std::string& name)
    : name_(name),
      target_(end_of_links(name)) {}

posix_file file_replacement::create() const {
    const auto old = status_of(name_), there = status_of(target_);
    if (old && S_ISDIR(old->st_mode))
        throw error(errc::io,
                    fmt::format("{} is a directory, and stays: give the name of a file", name_));
    if (old && !S_ISREG(old->st_mode))
        throw error(
            errc::io,
            fmt::format("{} is no regular file, and stays: give the name of a file", name_));
    // Such as /proc/self/fd/1, for a file whose name was removed.
    if (old && (!there || old->st_ino != there->st_ino || old->st_dev != there->st_dev))
        throw error(errc::io, fmt::format("the link {} leads to no name", name_));
    // Renaming does not need this right, but a user who has taken it away wants to keep the file.
    if (old && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0)
        refuse(fmt::format("cannot write {}", target_), errno);
    clear(part());
    posix_file made = posix_file::create_new(part(), old ? S_IRUSR | S_IWUSR : 0666);
    // The lock is for clear(); file systems without locks ignore it.
    static_cast<void>(::flock(made.descriptor(), LOCK_EX | LOCK_NB));
    return made;
}

void file_replacement::give_name() const {
    if (const auto old = status_of(target_)) { // sets what this process may set
        const bool has_group = ::chown(part().c_str(), static_cast<uid_t>(-1), old->st_gid) == 0;
        const bool has_owner = ::chown(part().c_str(), old->st_uid, static_cast<gid_t>(-1)) == 0;
        static_cast<void>(has_owner);
        const mode_t mode = old->st_mode & 0777;
        static_cast<void>(::chmod(part().c_str(), has_group ? mode : without_group(mode)));
    }
    if (std::rename(part().c_str(), target_.c_str()) != 0)
        refuse(fmt::format("cannot rename the finished file to {}", target_), errno);
    sync_folder_of(target_);
}

void file_replacement::drop() const noexcept {
    std::remove(part().c_str());
}

} // namespace nodespan::detail
