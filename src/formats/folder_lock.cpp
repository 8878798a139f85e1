#include "folder_lock.hpp"

#include "host_name.hpp"
#include "nodespan/error.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* first_line = "nodespan: a process holds this folder";

// A small file; nothing where it cannot be read. (Streams throw where a file goes away meanwhile,
// as those of processes and of NFS do.)
std::optional<std::string> text_of(const fs::path& file) {
    const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (in < 0) return std::nullopt;
    char text[4096];
    const ssize_t got = ::read(in, text, sizeof text);
    ::close(in);
    if (got < 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(got));
}

template <class Number>
Number number_in(const std::string& text) {
    Number value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Of the batch system that started us: its name and the job's.
std::string batch_job() {
    constexpr std::pair<const char*, const char*> systems[] = {
        {"SLURM_JOB_ID", "Slurm"}, {"PBS_JOBID", "PBS"}, {"LSB_JOBID", "LSF"}, {"JOB_ID", "SGE"}};
    for (const auto& [variable, name] : systems)
        if (const char* const id = std::getenv(variable); id != nullptr && *id != 0)
            return fmt::format("{} {}", name, id);
    return {};
}

[[noreturn]] void refuse_by_system(const std::string& what) {
    throw error(errc::io, fmt::format("{}: {}", what, std::strerror(errno)));
}

// A file of this process alone beside the lock.
fs::path own_file(const fs::path& lock, const lock_holder& me) {
    return fmt::format("{}.{}.{}", lock.string(), me.host, me.process.pid);
}

// False where it exists.
bool write_new(const fs::path& file, const std::string& text) {
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out < 0 && errno == EEXIST) return false;
    if (out < 0) refuse_by_system(fmt::format("cannot make {}", file.string()));
    bool is_written = ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int cause = errno;
    if (::close(out) != 0 && is_written) { // NFS tells here of a full disk
        is_written = false;
        cause = errno;
    }
    if (is_written) return true;
    ::unlink(file.c_str());
    errno = cause;
    refuse_by_system(fmt::format("cannot write {}", file.string()));
}

// Whether the lock was made. An answer of NFS may be lost, so the number of names tells.
bool made(const fs::path& lock, const lock_holder& me) {
    const fs::path draft = own_file(lock, me);
    ::unlink(draft.c_str()); // of a process that had our number, and was killed
    if (!write_new(draft, me.to_text())) return false;
    bool is_made = ::link(draft.c_str(), lock.c_str()) == 0;
    const int cause = errno;
    struct stat facts {};
    if (!is_made && ::stat(draft.c_str(), &facts) == 0) is_made = facts.st_nlink == 2;
    ::unlink(draft.c_str());
    return is_made || (cause != EEXIST && write_new(lock, me.to_text())); // no hard links here
}

// Takes away a lock that says `text`, whose holder is gone. One process at a time does so, by a
// lock of its own: else a slow one would take away the lock of a fast one that has taken the folder
// by then.
void break_lock(const fs::path& lock, const std::string& text, const lock_holder& me) {
    const fs::path breaking = lock.string() + ".breaking";
    if (made(breaking, me)) {
        if (text_of(lock) == text) ::unlink(lock.c_str());
        ::unlink(breaking.c_str());
        return;
    }
    // Another one is at it; or it was killed between those lines, and then nothing changes any
    // more.
    const auto found = text_of(breaking);
    const auto other = lock_holder::from_text(found.value_or(""));
    const bool was_killed = other && other->is_gone(me);
    std::this_thread::sleep_for(std::chrono::milliseconds(was_killed ? 500 : 5));
    if (was_killed && text_of(breaking) == found) ::unlink(breaking.c_str());
}

std::string words_of(const lock_holder& holder) {
    return fmt::format("process {} on {}{}, since {}", holder.process.pid, holder.host,
                       holder.job.empty() ? "" : fmt::format(" (job {})", holder.job),
                       holder.since);
}

} // namespace

lock_holder lock_holder::self() {
    lock_holder me;
    me.host = host_name();
    me.process = process_identity::self();
    me.job = batch_job();
    if (const char* const count = std::getenv("SLURM_RESTART_COUNT"); count != nullptr)
        me.job_starts = number_in<std::int64_t>(count);
    me.since = fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr)));
    return me;
}

std::string lock_holder::to_text() const {
    return fmt::format("{}\nhost {}\nboot {}\npid space {}\npid {}\nstarted {}\njob {}\n"
                       "job starts {}\nsince {}\n",
                       first_line, host, process.boot, process.pid_space, process.pid,
                       process.started, job, job_starts, since);
}

std::optional<lock_holder> lock_holder::from_text(const std::string& text) {
    std::istringstream in(text);
    std::string line;
    if (!std::getline(in, line) || line != first_line) return std::nullopt;
    lock_holder result;
    const auto take = [&](const std::string& name) {
        if (!std::getline(in, line) || !line.starts_with(name + " ")) return std::string();
        return line.substr(name.size() + 1);
    };
    result.host = take("host");
    result.process.boot = take("boot");
    result.process.pid_space = take("pid space");
    result.process.pid = number_in<std::int64_t>(take("pid"));
    result.process.started = number_in<std::uint64_t>(take("started"));
    result.job = take("job");
    result.job_starts = number_in<std::int64_t>(take("job starts"));
    result.since = take("since");
    if (result.process.pid <= 0 || result.since.empty()) return std::nullopt;
    return result;
}

bool lock_holder::is_gone(const lock_holder& me) const {
    if (process.has_space_of(me.process)) return process.has_ended();
    // Such a name is every machine's own.
    const bool is_named = !host.empty() && !host.starts_with("localhost");
    if (is_named && host == me.host && !process.boot.empty() && !me.process.boot.empty() &&
        process.boot != me.process.boot)
        return true;
    return !job.empty() && job == me.job && job_starts < me.job_starts;
}

folder_lock::~folder_lock() {
    if (file_.empty()) return;
    try {
        const auto holder = lock_holder::from_text(text_of(file_).value_or(""));
        if (holder && holder->process == process_identity::self()) ::unlink(file_.c_str());
    } catch (...) { // no memory: the lock stays, and is broken later, since this process has ended
    }
}

void folder_lock::take(const fs::path& folder) {
    const fs::path lock = fs::absolute(folder) / "lock";
    const lock_holder me = lock_holder::self();
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto text = text_of(lock);
        if (!text) {
            if (made(lock, me)) {
                file_ = lock;
                return;
            }
            continue;
        }
        const auto holder = lock_holder::from_text(*text);
        if (holder && holder->process == me.process) {
            file_ = lock;
            return;
        }
        if (!holder && attempt < 20) { // where there are no hard links, it is being written
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            continue;
        }
        if (!holder && text->empty()) { // of a machine that fell before it had it on its disk
            break_lock(lock, *text, me);
            continue;
        }
        if (!holder)
            throw error(errc::io, fmt::format("{} is no lock of nodespan's: if nobody else uses "
                                              "this folder, remove that file",
                                              lock.string()));
        if (!holder->is_gone(me))
            throw error(errc::io,
                        fmt::format("the folder is in use by {}: wait for its end or take another "
                                    "folder; if that process has ended, remove {}",
                                    words_of(*holder), lock.string()));
        break_lock(lock, *text, me);
    }
    throw error(errc::io, fmt::format("cannot take {0}: if nobody else uses this folder, remove it "
                                      "and {0}.breaking",
                                      lock.string()));
}

} // namespace nodespan::detail
