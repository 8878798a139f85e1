#include "mirror.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace nodespan::python {
namespace {

struct range {
    std::uintptr_t end;
    std::byte* original;
};

// All mirrors of this process by their begin; never destroyed, as views may outlast all else.
std::map<std::uintptr_t, range>& mirrors() {
    static auto* const all = new std::map<std::uintptr_t, range>();
    return *all;
}

std::mutex& guard() {
    static auto* const one = new std::mutex();
    return *one;
}

} // namespace

mirror::mirror(std::byte* data, std::size_t bytes) noexcept : data_(data) {
    if (data == nullptr || bytes == 0) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::uintptr_t first = begin / page * page;
    const std::size_t length = (begin + bytes - first + page - 1) / page * page;
    // Of an old size of 0 Linux makes another mapping of the same pages, where they are shared.
    void* const made = ::mremap(reinterpret_cast<void*>(first), 0, length, MREMAP_MAYMOVE);
    if (made == MAP_FAILED) return;
    try {
        const std::scoped_lock lock(guard());
        mirrors()[reinterpret_cast<std::uintptr_t>(made)] = {
            reinterpret_cast<std::uintptr_t>(made) + length, reinterpret_cast<std::byte*>(first)};
    } catch (...) {
        ::munmap(made, length);
        return;
    }
    pages_ = made;
    bytes_ = length;
    data_ = static_cast<std::byte*>(made) + (begin - first);
}

mirror::~mirror() {
    if (pages_ == nullptr) return;
    const std::scoped_lock lock(guard());
    mirrors().erase(reinterpret_cast<std::uintptr_t>(pages_));
    ::munmap(pages_, bytes_);
}

std::byte* where_shared(std::byte* data, std::size_t bytes) noexcept {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::scoped_lock lock(guard());
    auto after = mirrors().upper_bound(begin);
    if (after == mirrors().begin()) return data;
    const auto& [start, found] = *--after;
    return begin + bytes <= found.end ? found.original + (begin - start) : data;
}

} // namespace nodespan::python
