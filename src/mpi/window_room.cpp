#include "window_room.hpp"

#include "which_mpi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <limits>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace nodespan::detail {
namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

// How much must be free for a window: MPI adds a header, and Open MPI refuses unless 5 % more than
// it asks for is free.
constexpr std::uint64_t window_header = 128 * 1024;
constexpr std::uint64_t sixteenths_more = is_built_with_open_mpi ? 1 : 0;
std::uint64_t room_for_window(std::uint64_t bytes) {
    return bytes + bytes / 16 * sixteenths_more + window_header;
}
std::uint64_t window_in_room(std::uint64_t free_bytes) {
    if (free_bytes < window_header) return 0;
    return (free_bytes - window_header) / (16 + sixteenths_more) * 16;
}

// What MPI and this library need beside a window's own bytes, in one process.
constexpr std::uint64_t beside_window = std::uint64_t{4} << 20;
constexpr std::uint64_t beside_exposure = std::uint64_t{2} << 20;
constexpr std::size_t descriptors_for_window = 4;

std::uint64_t limit_of(__rlimit_resource_t resource) {
    rlimit limit{};
    const bool is_known = getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_known ? limit.rlim_cur : unlimited;
}

std::uint64_t beyond(std::uint64_t limit, std::uint64_t used) {
    return limit == unlimited ? unlimited : limit - std::min(limit, used);
}

// Number `field` of /proc/self/statm, in bytes: 0 is the whole address space, 5 is private data.
std::uint64_t mapped_bytes(int field) {
    std::ifstream file("/proc/self/statm");
    std::uint64_t pages = 0;
    for (int i = 0; i <= field; ++i)
        if (!(file >> pages)) return 0;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// A line such as "VmPin:  12 kB" or "CapEff: 000001ffffffffff" of /proc/self/status.
std::uint64_t status_of_process(const std::string& key, int base) {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;) {
        if (word != key) continue;
        std::uint64_t value = 0;
        return file >> std::setbase(base) >> value ? value : 0;
    }
    return 0;
}

bool may_lock_any_memory() {
    constexpr int ipc_lock = 14; // see linux/capability.h
    return (status_of_process("CapEff:", 16) >> ipc_lock & 1) != 0;
}

// A limit, and how much of it a window needs.
struct need {
    std::uint64_t bytes = 0;
    capacity room;
    bool is_node_memory = false; // MPI wants more of it than the window has

    bool is_met() const { return bytes <= room.free_bytes; }

    // The largest window within this limit. Half of what the program itself needs to run is left to
    // it.
    std::uint64_t most() const {
        if (is_node_memory) return window_in_room(room.free_bytes);
        return std::min(room.free_bytes / 2, beyond(room.free_bytes, beside_window));
    }
};

capacity limit_of_process(const window_site& site, __rlimit_resource_t resource, std::uint64_t used,
                          const char* name, char option) {
    const std::uint64_t limit = limit_of(resource);
    return {
        beyond(limit, used), limit,
        fmt::format("{} of rank {} (ulimit -{})", name, site.rank, option),
        fmt::format("raise that limit where the rank is started (ulimit -{} unlimited)", option)};
}

capacity address_space(const window_site& site) {
    return limit_of_process(site, RLIMIT_AS, mapped_bytes(0), "the address space", 'v');
}

// All limits that a window is compared with; the node's memory comes first.
std::vector<need> needs_of(const window_site& site, std::uint64_t bytes, std::uint64_t given_back) {
    std::vector<need> result;
    const auto add = [&](need one, std::uint64_t more) {
        if (one.room.free_bytes == unlimited) return;
        one.room.free_bytes += std::min(more, unlimited - 1 - one.room.free_bytes);
        result.push_back(std::move(one));
    };
    const std::uint64_t memory = room_for_window(bytes), mapped = bytes + beside_window;
    if (site.is_leader)
        add({memory, tightest_capacity(memory, !site.is_private, site.directory), true},
            given_back);
    add({mapped, address_space(site)}, given_back);
    if (site.is_private)
        add({mapped, limit_of_process(site, RLIMIT_DATA, mapped_bytes(5), "the data", 'd')},
            given_back);
    else if (site.is_leader)
        add({mapped, limit_of_process(site, RLIMIT_FSIZE, 0, "the size of a file", 'f')}, 0);
    return result;
}

// Whether as many files as a window needs could be opened now.
bool has_descriptors() {
    std::array<int, descriptors_for_window> opened{};
    std::size_t made = 0;
    bool is_full = false;
    while (made < opened.size()) {
        opened[made] = eventfd(0, EFD_CLOEXEC);
        is_full = opened[made] < 0 && (errno == EMFILE || errno == ENFILE);
        if (opened[made] < 0) break;
        ++made;
    }
    while (made > 0) close(opened[--made]);
    return !is_full;
}

error refusal(const window_site& site, const need& lacking, const std::string& what) {
    return {errc::no_capacity,
            fmt::format("{}: {} bytes of shared memory needed on node {}, {} bytes free of {} in "
                        "{}; {}",
                        what, lacking.bytes, site.node, lacking.room.free_bytes,
                        lacking.room.limit_bytes, lacking.room.limiter, lacking.room.advice)};
}

std::optional<error> refuse_for_descriptors(const window_site& site, const std::string& what) {
    if (has_descriptors()) return std::nullopt;
    return error(errc::no_capacity,
                 fmt::format("{}: rank {} has fewer than {} file descriptors left of {}; close "
                             "files, or raise that limit where the rank is started (ulimit -n)",
                             what, site.rank, descriptors_for_window, limit_of(RLIMIT_NOFILE)));
}

} // namespace

std::uint64_t largest_window(const window_site& site, std::uint64_t wanted,
                             std::uint64_t given_back) {
    std::uint64_t result = unlimited;
    for (const need& one : needs_of(site, wanted, given_back))
        result = std::min(result, one.most());
    return result;
}

std::optional<error> refuse_window(const window_site& site, std::uint64_t bytes,
                                   const std::string& what, std::uint64_t given_back) {
    for (const need& one : needs_of(site, bytes, given_back))
        if (!one.is_met()) return refusal(site, one, what);
    return refuse_for_descriptors(site, what);
}

std::optional<error> refuse_pages(const window_site& site, std::uint64_t bytes,
                                  const std::string& what) {
    if (bytes == 0) return std::nullopt;
    const bool looks_at_folder = site.is_leader && !site.is_private;
    const need one{bytes, tightest_capacity(bytes, looks_at_folder, site.directory)};
    return one.is_met() ? std::nullopt : std::optional(refusal(site, one, what));
}

std::optional<error> refuse_exposure(const window_site& site, std::uint64_t bytes,
                                     bool may_register) {
    const std::string what = fmt::format("a window of {} bytes for other nodes", bytes);
    std::vector<need> needs{{beside_exposure, address_space(site)}};
    if (site.is_leader && may_register) needs.push_back({bytes, locked_capacity()});
    for (const need& one : needs)
        if (!one.is_met()) return refusal(site, one, what);
    return refuse_for_descriptors(site, what);
}

std::string state_of_limits(const window_site& site) {
    std::string result;
    if (!has_descriptors())
        result = fmt::format("few file descriptors are left of {}, ", limit_of(RLIMIT_NOFILE));
    for (const need& one : needs_of(site, std::uint64_t{1} << 30, 0))
        result += fmt::format("{} bytes are free of {} in {}, ", one.room.free_bytes,
                              one.room.limit_bytes, one.room.limiter);
    if (result.empty()) return "no limit of this process is known";
    result.resize(result.size() - 2);
    return result;
}

capacity lockable_capacity() {
    capacity result{unlimited, unlimited, "the memory that a process may lock (ulimit -l)",
                    "raise that limit (ulimit -l unlimited), which network cards that read memory "
                    "by themselves need"};
    if (may_lock_any_memory()) return result;
    result.limit_bytes = limit_of(RLIMIT_MEMLOCK);
    const std::uint64_t used = status_of_process("VmLck:", 10) + status_of_process("VmPin:", 10);
    result.free_bytes = beyond(result.limit_bytes, used * 1024);
    return result;
}

capacity locked_capacity(const std::string& cards) {
    std::error_code unreadable;
    const std::filesystem::directory_iterator listed(cards, unreadable);
    if (unreadable || listed == std::filesystem::directory_iterator{})
        return {unlimited, unlimited, "", ""};
    return lockable_capacity();
}

} // namespace nodespan::detail
