#include "capacity.hpp"

#include "which_mpi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <sys/statvfs.h>
#include <system_error>

namespace nodespan::detail {
namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

// The value behind `key` in a file of "key value" lines; `missing` without it.
std::uint64_t look_up(const std::string& path, const std::string& key, std::uint64_t missing) {
    std::ifstream file(path);
    std::string word;
    while (file >> word) {
        std::uint64_t value = 0;
        if (word == key && file >> value) return value;
    }
    return missing;
}

std::uint64_t read_number(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t value = 0;
    return file >> value ? value : unlimited; // "max" is not a number, either
}

struct hierarchy {
    std::string root, path, limit, used, reclaimable;
};

// Finds this process's memory cgroup: version 1 names the controller, version 2 has one line "0::".
hierarchy find_hierarchy() {
    std::ifstream file("/proc/self/cgroup");
    hierarchy result;
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controller = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controller == "memory")
            return {"/sys/fs/cgroup/memory", path, "/memory.limit_in_bytes",
                    "/memory.usage_in_bytes", "total_inactive_file"};
        if (controller.empty())
            result = {"/sys/fs/cgroup", path, "/memory.max", "/memory.current", "inactive_file"};
    }
    return result;
}

} // namespace

std::string backing_directory(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        const char* const last = line.data() + line.size();
        const auto first = std::from_chars(line.data(), last, begin, 16);
        if (first.ec != std::errc{} || first.ptr == last) continue;
        if (std::from_chars(first.ptr + 1, last, end, 16).ec != std::errc{}) continue;
        if (wanted < begin || wanted >= end) continue;
        const auto path = line.find('/'); // "(deleted)" may follow the name, behind the last '/'
        if (path == std::string::npos) break;
        return line.substr(path, line.rfind('/') - path);
    }
    return "/dev/shm";
}

capacity backing_capacity(const std::string& directory) {
    capacity result{
        unlimited, unlimited, directory,
        fmt::format("enlarge it (mount -o remount,size=... {0}; docker run "
                    "--shm-size=...){1}",
                    directory,
                    is_built_with_open_mpi ? " or set OMPI_MCA_osc_sm_backing_directory" : "")};
    struct statvfs fs {};
    if (statvfs(directory.c_str(), &fs) == 0) {
        result.free_bytes = static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
        result.limit_bytes = static_cast<std::uint64_t>(fs.f_blocks) * fs.f_frsize;
    }
    return result;
}

capacity host_capacity() {
    const std::string file = "/proc/meminfo";
    capacity result{unlimited, unlimited, "the memory of this host",
                    "use more nodes, or a smaller array"};
    const std::uint64_t free_kib = look_up(file, "MemAvailable:", unlimited);
    const std::uint64_t total_kib = look_up(file, "MemTotal:", unlimited);
    if (free_kib != unlimited) result.free_bytes = free_kib * 1024;
    if (total_kib != unlimited) result.limit_bytes = total_kib * 1024;
    // If the kernel promises no more memory than it has, its promises count as used memory.
    if (read_number("/proc/sys/vm/overcommit_memory") == 2) {
        const std::uint64_t limit = look_up(file, "CommitLimit:", unlimited);
        const std::uint64_t promised = look_up(file, "Committed_AS:", 0);
        if (limit != unlimited && (limit - std::min(limit, promised)) * 1024 < result.free_bytes)
            result = {(limit - std::min(limit, promised)) * 1024, limit * 1024,
                      "the memory that this host promises (vm.overcommit_memory=2)",
                      "end other programs, or raise vm.overcommit_ratio"};
    }
    return result;
}

capacity cgroup_capacity() {
    capacity result{unlimited, unlimited, "the memory cgroup", ""};
    const hierarchy h = find_hierarchy();
    if (h.root.empty()) return result;
    for (std::string path = h.path;; path.erase(path.rfind('/'))) {
        const std::string folder = h.root + (path == "/" ? "" : path);
        const std::uint64_t limit = read_number(folder + h.limit);
        const std::uint64_t used = read_number(folder + h.used);
        if (limit != unlimited && used != unlimited) {
            const std::uint64_t cache = look_up(folder + "/memory.stat", h.reclaimable, 0);
            const std::uint64_t held = used - std::min(used, cache);
            const std::uint64_t left = limit - std::min(limit, held);
            if (left < result.free_bytes)
                result = {left, limit, "the memory limit of cgroup " + (path.empty() ? "/" : path),
                          "raise the limit (Slurm: --mem=..., docker run --memory=...)"};
        }
        if (path.rfind('/') == std::string::npos) return result;
    }
}

capacity tightest_capacity(std::uint64_t bytes, bool is_shared, const std::string& directory) {
    constexpr std::uint64_t small = std::uint64_t{1} << 20;
    capacity result{unlimited, unlimited, "", ""};
    if (is_shared) result = backing_capacity(directory);
    if (bytes < small) return result;
    for (const capacity& other : {host_capacity(), cgroup_capacity()})
        if (other.free_bytes < result.free_bytes) result = other;
    return result;
}

} // namespace nodespan::detail
