#pragma once

#include <cstdint>
#include <string>

namespace nodespan::detail {

/// How many bytes of memory this host can still give, and what sets that limit.
struct capacity {
    std::uint64_t free_bytes = 0;
    std::uint64_t limit_bytes = 0;
    std::string limiter; // what sets it, such as "/dev/shm" or "the memory limit of cgroup ..."
    std::string advice;  // how to enlarge it
};

/// The folder of the file that is mapped at `address`, which is where MPI keeps its shared windows.
/// It is taken from the mapping itself, so it is right for every MPI and setting; /dev/shm if
/// nothing is found.
/// Cost:   reads /proc/self/maps, some 100 us (MPI_T also has it, but takes 200 ms to start).
std::string backing_directory(const void* address);

/// Free space of the backing folder.
/// Cost:   one system call.
capacity backing_capacity(const std::string& directory);

/// Free memory of this host, and free memory below the tightest cgroup limit.
/// Cost:   reads of /proc and /sys, some tens of microseconds.
capacity host_capacity();
capacity cgroup_capacity();

/// The tightest limit for `bytes` bytes of new memory. `is_shared` says whether the memory lies in
/// the backing folder. Limits that take time to read are left out for small requests.
capacity tightest_capacity(std::uint64_t bytes, bool is_shared, const std::string& directory);

} // namespace nodespan::detail
