#include "held_bytes.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

thread_local bool is_counting = false; // else the other cases would pay for it
thread_local std::ptrdiff_t held = 0;

void count(void* memory, int sign) noexcept {
    if (is_counting) held += sign * static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
}

} // namespace

// NOLINTBEGIN: what the standard asks of replaced functions
void* operator new(std::size_t bytes) {
    void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
    if (memory == nullptr) throw std::bad_alloc();
    count(memory, 1);
    return memory;
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const auto align = static_cast<std::size_t>(alignment);
    void* const memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
    if (memory == nullptr) throw std::bad_alloc();
    count(memory, 1);
    return memory;
}
void operator delete(void* memory) noexcept {
    if (memory == nullptr) return;
    count(memory, -1);
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    operator delete(memory);
}
// NOLINTEND

namespace nodespan::bench {

held_bytes::held_bytes() {
    held = 0;
    is_counting = true;
}
held_bytes::~held_bytes() {
    is_counting = false;
}
std::ptrdiff_t held_bytes::now() const {
    return held;
}

} // namespace nodespan::bench
