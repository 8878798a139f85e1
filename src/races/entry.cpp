#include "runs.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

// What compilers call in programs that they compile with -fsanitize=thread, instead of that
// sanitizer's own library.

using nodespan::detail::race::accessed;
using nodespan::detail::race::deed;
using nodespan::detail::race::is_watched;
using nodespan::detail::race::op;
using nodespan::detail::race::touch_now;

// NOLINTBEGIN(bugprone-reserved-identifier)
#define NODESPAN_CALLER __builtin_extract_return_addr(__builtin_return_address(0))
#define NODESPAN_ENTRY extern "C" __attribute__((visibility("default")))

#define NODESPAN_ACCESSES(bytes)                                                                   \
    NODESPAN_ENTRY void __tsan_read##bytes(void* at) {                                             \
        accessed<op::read, bytes>(at, NODESPAN_CALLER);                                            \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_write##bytes(void* at) {                                            \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_unaligned_read##bytes(void* at) {                                   \
        accessed<op::read, bytes>(at, NODESPAN_CALLER);                                            \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_unaligned_write##bytes(void* at) {                                  \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_read_write##bytes(void* at) {                                       \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_unaligned_read_write##bytes(void* at) {                             \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_volatile_read##bytes(void* at) {                                    \
        accessed<op::read, bytes>(at, NODESPAN_CALLER);                                            \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_volatile_write##bytes(void* at) {                                   \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_unaligned_volatile_read##bytes(void* at) {                          \
        accessed<op::read, bytes>(at, NODESPAN_CALLER);                                            \
    }                                                                                              \
    NODESPAN_ENTRY void __tsan_unaligned_volatile_write##bytes(void* at) {                         \
        accessed<op::write, bytes>(at, NODESPAN_CALLER);                                           \
    }

NODESPAN_ACCESSES(1)
NODESPAN_ACCESSES(2)
NODESPAN_ACCESSES(4)
NODESPAN_ACCESSES(8)
NODESPAN_ACCESSES(16)

namespace {

bool is_any_watched(const void* at, std::size_t bytes) {
    using namespace nodespan::detail::race;
    const auto begin = reinterpret_cast<std::uintptr_t>(at);
    return bytes > 0 && begin < watched_lo + watched_span && begin + bytes > watched_lo;
}

void range(const void* at, std::size_t bytes, op what, const void* where) {
    if (!is_any_watched(at, bytes)) return;
    touch_now(reinterpret_cast<std::uintptr_t>(at), bytes,
              deed{reinterpret_cast<std::uintptr_t>(where), what});
}

// Copies of the library's own calls are told by these.
void copied(const void* at, std::size_t bytes, op what, const void* where) {
    if (is_any_watched(at, bytes) && nodespan::detail::race::own_buffer().inside == 0)
        range(at, bytes, what, where);
}

} // namespace

NODESPAN_ENTRY void __tsan_init() {}
NODESPAN_ENTRY void __tsan_func_entry(void*) {}
NODESPAN_ENTRY void __tsan_func_exit() {}
NODESPAN_ENTRY void __tsan_ignore_thread_begin() {}
NODESPAN_ENTRY void __tsan_ignore_thread_end() {}
NODESPAN_ENTRY void __tsan_vptr_update(void** at, void*) {
    accessed<op::write, 8>(at, NODESPAN_CALLER);
}
NODESPAN_ENTRY void __tsan_vptr_read(void** at) {
    accessed<op::read, 8>(at, NODESPAN_CALLER);
}
NODESPAN_ENTRY void __tsan_read_range(void* at, std::size_t bytes) {
    range(at, bytes, op::read, NODESPAN_CALLER);
}
NODESPAN_ENTRY void __tsan_write_range(void* at, std::size_t bytes) {
    range(at, bytes, op::write, NODESPAN_CALLER);
}

// Calls of these in objects that are linked with -Wl,--wrap=memcpy and the like.
extern "C" void* __real_memcpy(void* to, const void* from, std::size_t bytes);
extern "C" void* __real_memmove(void* to, const void* from, std::size_t bytes);
extern "C" void* __real_memset(void* to, int value, std::size_t bytes);

NODESPAN_ENTRY void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
    copied(from, bytes, op::copy_from, NODESPAN_CALLER);
    copied(to, bytes, op::copy_to, NODESPAN_CALLER);
    return __real_memcpy(to, from, bytes);
}
NODESPAN_ENTRY void* __wrap_memmove(void* to, const void* from, std::size_t bytes) {
    copied(from, bytes, op::copy_from, NODESPAN_CALLER);
    copied(to, bytes, op::copy_to, NODESPAN_CALLER);
    return __real_memmove(to, from, bytes);
}
NODESPAN_ENTRY void* __wrap_memset(void* to, int value, std::size_t bytes) {
    copied(to, bytes, op::copy_to, NODESPAN_CALLER);
    return __real_memset(to, value, bytes);
}
// What clang makes of copies that need no call.
NODESPAN_ENTRY void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
    range(from, bytes, op::read, NODESPAN_CALLER);
    range(to, bytes, op::write, NODESPAN_CALLER);
    return __real_memcpy(to, from, bytes);
}
NODESPAN_ENTRY void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
    range(from, bytes, op::read, NODESPAN_CALLER);
    range(to, bytes, op::write, NODESPAN_CALLER);
    return __real_memmove(to, from, bytes);
}
NODESPAN_ENTRY void* __tsan_memset(void* to, int value, std::size_t bytes) {
    range(to, bytes, op::write, NODESPAN_CALLER);
    return __real_memset(to, value, bytes);
}
// NOLINTEND(bugprone-reserved-identifier)
