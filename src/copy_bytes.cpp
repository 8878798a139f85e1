#include "copy_bytes.hpp"

#include <cstdint>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NODESPAN_HAS_X86_COPIES 1
#endif

namespace nodespan::detail {
namespace {

#ifdef NODESPAN_HAS_X86_COPIES

// glibc copies some KiB and more by `rep movsb`. Where the destination is a few bytes ahead of the
// source modulo the page, that loses a tenth to 40 % on AMD Zen 5, and has been seen to fall to
// 3 GB/s. glibc knows of it on some processors (distances below 64), not on all.
bool is_slow_for_rep_movsb(const std::byte* to, const std::byte* from) {
    const auto distance =
        (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from)) % 4096;
    return distance > 0 && distance < 64;
}

// Bytes from `at` to the next multiple of `alignment`, which is 1 to `alignment` bytes away.
std::size_t bytes_to_next(const std::byte* at, std::size_t alignment) {
    return alignment - reinterpret_cast<std::uintptr_t>(at) % alignment;
}

__attribute__((target("avx2"))) inline __m256i load(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// Needs 128 bytes or more. Stores are aligned but for the first and the last, which overlap others.
__attribute__((target("avx2"))) void copy_by_avx(std::byte* to, const std::byte* from,
                                                 std::size_t bytes) {
    const std::byte* const last_from = from + bytes - 128;
    auto* const last = reinterpret_cast<__m256i*>(to + bytes - 128);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), load(from));
    const std::size_t head = bytes_to_next(to, 32);
    to += head;
    from += head;
    for (bytes -= head; bytes > 128; bytes -= 128, to += 128, from += 128) {
        const __m256i a = load(from), b = load(from + 32), c = load(from + 64), d = load(from + 96);
        auto* const out = reinterpret_cast<__m256i*>(to);
        _mm256_store_si256(out, a);
        _mm256_store_si256(out + 1, b);
        _mm256_store_si256(out + 2, c);
        _mm256_store_si256(out + 3, d);
    }
    for (int i = 0; i < 4; ++i) _mm256_storeu_si256(last + i, load(last_from + i * 32));
}

// Whole lines only: a line streamed in part would be read and merged.
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
    _mm_sfence(); // streamed stores are not ordered by a release: who is told next must see them
    std::memcpy(to, from, bytes);
}

#endif

} // namespace

void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
#ifdef NODESPAN_HAS_X86_COPIES
    if (bytes >= streaming_copy_from_bytes) return copy_by_streaming(to, from, bytes);
    if (is_slow_for_rep_movsb(to, from) && __builtin_cpu_supports("avx2"))
        return copy_by_avx(to, from, bytes);
#endif
    std::memcpy(to, from, bytes);
}

} // namespace nodespan::detail
