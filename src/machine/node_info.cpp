#include "capacity.hpp"
#include "machine_parts.hpp"
#include "pages.hpp"
#include "shared_window.hpp"
#include "team_core.hpp"

#include <hwloc.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <memory>
#include <sched.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace nodespan::detail {
namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t known(std::uint64_t bytes) {
    return bytes == unlimited ? 0 : bytes;
}

int read_int(const char* path, int missing) {
    std::ifstream file(path);
    int value = 0;
    return file >> value ? value : missing;
}

void look_at_processor(node_info& node) {
    hwloc_topology_t raw = nullptr;
    if (hwloc_topology_init(&raw) != 0) return;
    const std::unique_ptr<hwloc_topology, void (*)(hwloc_topology_t)> topology(
        raw, hwloc_topology_destroy);
    if (hwloc_topology_load(raw) != 0) return;
    const auto count = [raw](hwloc_obj_type_t type) {
        return std::max(hwloc_get_nbobjs_by_type(raw, type), 0);
    };
    node.sockets = count(HWLOC_OBJ_PACKAGE);
    node.numa_nodes = count(HWLOC_OBJ_NUMANODE);
    node.cores = count(HWLOC_OBJ_CORE);
    node.hardware_threads = count(HWLOC_OBJ_PU);
    const std::unique_ptr<hwloc_bitmap_s, void (*)(hwloc_bitmap_t)> cores(hwloc_bitmap_alloc(),
                                                                          hwloc_bitmap_free);
    const std::unique_ptr<hwloc_bitmap_s, void (*)(hwloc_bitmap_t)> memories(hwloc_bitmap_alloc(),
                                                                             hwloc_bitmap_free);
    if (!cores || !memories || hwloc_get_cpubind(raw, cores.get(), HWLOC_CPUBIND_PROCESS) != 0)
        return;
    hwloc_cpuset_to_nodeset(raw, cores.get(), memories.get());
    node.numa_nodes_per_rank = std::max(hwloc_bitmap_weight(memories.get()), 0);
}

void look_at_memory(const team_core& team, node_info& node) {
    const capacity host = host_capacity();
    node.memory_bytes = known(host.limit_bytes);
    node.memory_free_bytes = known(host.free_bytes);
    const capacity cgroup = cgroup_capacity();
    if (cgroup.limit_bytes < host.limit_bytes) { // version 1 writes "none" as a huge number
        node.cgroup_limit_bytes = cgroup.limit_bytes;
        node.cgroup_free_bytes = cgroup.free_bytes;
    }
    node.shared_folder = backing_directory(team.shared_memory());
    const capacity shared = backing_capacity(node.shared_folder);
    node.shared_bytes = known(shared.limit_bytes);
    node.shared_free_bytes = known(shared.free_bytes);
}

// The selected word of a file such as "always within_size [never]".
std::string chosen_word(const char* path) {
    std::ifstream file(path);
    for (std::string word; file >> word;)
        if (word.size() > 2 && word.front() == '[') return word.substr(1, word.size() - 2);
    return "";
}

// A folder's mount option decides, unless the kernel's switch overrules it for all of them.
std::string huge_page_policy(const std::string& folder) {
    const std::string shmem = chosen_word("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    if (shmem == "force") return "always";
    if (shmem.empty() || shmem == "deny") return "never";
    std::ifstream mounts("/proc/self/mounts");
    std::string policy = "never", best;
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device, point, type, options;
        words >> device >> point >> type >> options;
        const bool is_inside = folder.rfind(point == "/" ? point : point + "/", 0) == 0;
        if ((folder != point && !is_inside) || point.size() < best.size()) continue;
        best = point;
        const auto at = options.find("huge=");
        policy = at == std::string::npos ? "never"
                                         : options.substr(at + 5, options.find(',', at) - at - 5);
    }
    return policy;
}

bool can_populate_pages() {
    void* page =
        mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return false;
    const bool can = madvise(page, page_bytes(), MADV_POPULATE_WRITE) == 0;
    munmap(page, page_bytes());
    return can;
}

// Containers filter the call; the Yama module forbids it between siblings.
bool can_copy_between_ranks() {
    int from = 1, to = 0;
    iovec local{&to, sizeof to}, remote{&from, sizeof from};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != sizeof to) return false;
    return geteuid() == 0 || read_int("/proc/sys/kernel/yama/ptrace_scope", 0) == 0;
}

} // namespace

rank_sight look_around(const team_core& team) {
    rank_sight result;
    utsname names{};
    if (uname(&names) == 0) {
        result.node.host = names.nodename;
        result.node.kernel = names.release;
    }
    look_at_processor(result.node);
    look_at_memory(team, result.node);
    result.node.huge_pages = huge_page_policy(result.node.shared_folder);
    result.node.populates_pages = can_populate_pages();
    result.node.copies_between_ranks = can_copy_between_ranks();
    sched_getaffinity(0, sizeof(cpu_set_t), reinterpret_cast<cpu_set_t*>(result.bound.data()));
    return result;
}

} // namespace nodespan::detail
