#include "nodespan/detail/copy_bytes.hpp"

#include "race_hooks.hpp"

#include <cstdint>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NODESPAN_HAS_X86_COPIES 1
#endif

namespace nodespan::detail {
namespace {

#ifdef NODESPAN_HAS_X86_COPIES

// glibc copies some KiB and more by `rep movsb`. If the destination is a few bytes ahead of the
// source modulo the page, this loses up to half of its speed below 24 KiB on AMD Zen 5, and has
// been seen to fall to 3 GB/s up to 64 KiB. glibc avoids this on some processors (distances below
// 64), but not on all. For longer copies `rep movsb` is as fast as any other way.
constexpr std::size_t slow_up_to_bytes = 64 * 1024;
bool is_slow_for_rep_movsb(const std::byte* to, const std::byte* from, std::size_t bytes) {
    const auto distance =
        (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from)) % 4096;
    return distance > 0 && distance < 64 && bytes <= slow_up_to_bytes;
}

// Up to this size both sides fit into the first cache, and copying downwards is faster: upwards
// each load waits for a store that has the same offset in another page.
constexpr std::size_t downwards_up_to_bytes = 24 * 1024;

// Bytes from `at` to the next multiple of `alignment`, which is 1 to `alignment` bytes away.
std::size_t bytes_to_next(const std::byte* at, std::size_t alignment) {
    return alignment - reinterpret_cast<std::uintptr_t>(at) % alignment;
}

__attribute__((target("avx2"))) inline __m256i load(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// 128 bytes, to any address or to a multiple of 32.
__attribute__((target("avx2"))) inline void copy_block(std::byte* to, const std::byte* from) {
    const __m256i a = load(from), b = load(from + 32), c = load(from + 64), d = load(from + 96);
    auto* const out = reinterpret_cast<__m256i*>(to);
    _mm256_storeu_si256(out, a);
    _mm256_storeu_si256(out + 1, b);
    _mm256_storeu_si256(out + 2, c);
    _mm256_storeu_si256(out + 3, d);
}

// These need 128 bytes or more. Stores are aligned but for those at the ends, which overlap others.
__attribute__((target("avx2"))) void copy_upwards(std::byte* to, const std::byte* from,
                                                  std::size_t bytes) {
    copy_block(to, from);
    for (std::size_t at = bytes_to_next(to, 32); at + 128 < bytes; at += 128)
        copy_block(to + at, from + at);
    copy_block(to + bytes - 128, from + bytes - 128);
}

__attribute__((target("avx2"))) void copy_downwards(std::byte* to, const std::byte* from,
                                                    std::size_t bytes) {
    copy_block(to + bytes - 128, from + bytes - 128);
    std::size_t left = bytes - reinterpret_cast<std::uintptr_t>(to + bytes) % 32;
    for (; left > 128; left -= 128) copy_block(to + left - 128, from + left - 128);
    copy_block(to, from);
}

// Streams whole cache lines only: a line streamed in part would be read and merged.
void copy_by_streaming(std::byte* to, const std::byte* from, std::size_t bytes) {
    const std::size_t head = bytes_to_next(to, 64);
    std::memcpy(to, from, head);
    to += head;
    from += head;
    for (bytes -= head; bytes >= 64; bytes -= 64, to += 64, from += 64) {
        const auto* const in = reinterpret_cast<const __m128i*>(from);
        auto* const out = reinterpret_cast<__m128i*>(to);
        const __m128i a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1),
                      c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);
        _mm_stream_si128(out, a);
        _mm_stream_si128(out + 1, b);
        _mm_stream_si128(out + 2, c);
        _mm_stream_si128(out + 3, d);
    }
    _mm_sfence(); // streamed stores are not ordered by a release, and readers must see them
    std::memcpy(to, from, bytes);
}

#endif

} // namespace

void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
    race::copies(to, from, bytes, __builtin_return_address(0));
    const race::inside own_copies;
#ifdef NODESPAN_HAS_X86_COPIES
    if (bytes >= streaming_copy_from_bytes) return copy_by_streaming(to, from, bytes);
    if (is_slow_for_rep_movsb(to, from, bytes) && __builtin_cpu_supports("avx2"))
        return bytes <= downwards_up_to_bytes ? copy_downwards(to, from, bytes)
                                              : copy_upwards(to, from, bytes);
#endif
    std::memcpy(to, from, bytes);
}

void stream_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
#ifdef NODESPAN_HAS_X86_COPIES
    constexpr std::size_t least = 4096; // whole lines between the ends
    if (bytes >= least) {
        race::copies(to, from, bytes, __builtin_return_address(0));
        const race::inside own_copies;
        return copy_by_streaming(to, from, bytes);
    }
#endif
    copy_bytes(to, from, bytes);
}

} // namespace nodespan::detail
