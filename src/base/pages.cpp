#include "pages.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14; older kernels answer EINVAL
#endif

namespace nodespan::detail {
namespace {

// For old kernels: touches every page without changing what others may already have written there.
void touch_pages(std::byte* begin, const std::byte* end) {
    for (; begin < end; begin += page_bytes())
        __atomic_fetch_or(reinterpret_cast<unsigned char*>(begin), 0, __ATOMIC_RELAXED);
}

// A request for no pages tells only whether the kernel supports such requests.
bool knows_populate() {
    static const bool knows = madvise(nullptr, 0, MADV_POPULATE_WRITE) == 0;
    return knows;
}

} // namespace

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}

int back_pages(std::byte* begin, std::byte* end) noexcept {
    while (madvise(begin, static_cast<std::size_t>(end - begin), MADV_POPULATE_WRITE) != 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        if (errno != EINVAL || knows_populate()) return errno;
        touch_pages(begin, end);
        return 0;
    }
    return 0;
}

} // namespace nodespan::detail
