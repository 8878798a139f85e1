#include "turn_lines.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NODESPAN_HAS_X86_LINES 1
#endif

namespace nodespan::detail {

#ifdef NODESPAN_HAS_X86_LINES
namespace {

#define NODESPAN_AVX512 __attribute__((target("avx512f,avx512bw")))
#define NODESPAN_AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) inline

constexpr index_t line = 64;

// A block is so long that rows of the result fill a page of memory, and so narrow that the pages
// it touches on both sides, and what waits in `carry`, stay in the TLB and the first cache.
template <std::size_t bytes>
constexpr index_t block_rows = bytes == 4 ? 1024 : 512;
constexpr index_t block_columns = 64;

using words = std::array<std::uint16_t, 32>;

// At s: the words s, s + 1, ... of two lines, one after the other.
constexpr std::array<words, 33> make_shifts() {
    std::array<words, 33> result{};
    for (std::size_t s = 0; s < result.size(); ++s)
        for (std::size_t k = 0; k < 32; ++k) result[s][k] = static_cast<std::uint16_t>(s + k);
    return result;
}
alignas(64) constexpr std::array<words, 33> shifts = make_shifts();

NODESPAN_AVX512_INLINE __m512i shift_of(index_t word) {
    return _mm512_loadu_si512(shifts[static_cast<std::size_t>(word)].data());
}

// The line that begins `past` bytes before the end of `before`, of which `after` is the next.
template <std::size_t bytes>
NODESPAN_AVX512_INLINE __m512i joined(__m512i before, __m512i after, index_t past) {
    const index_t begin = line - past;
    const __m512i even = _mm512_permutex2var_epi16(before, shift_of(begin / 2), after);
    if constexpr (bytes == 1)
        if (begin % 2 == 1) {
            const __m512i next = _mm512_permutex2var_epi16(before, shift_of(begin / 2 + 1), after);
            return _mm512_or_si512(_mm512_srli_epi16(even, 8), _mm512_slli_epi16(next, 8));
        }
    return even;
}

// Of two rows of a square that lie `distance` elements apart: the upper with the left halves of
// both, and the lower with the right ones, where halves are of 2 * distance elements.
struct exchange {
    words upper{}, lower{};
};

constexpr exchange make_exchange(std::size_t distance_bytes) {
    exchange result;
    for (std::size_t k = 0; k < 32; ++k) {
        const std::size_t distance = distance_bytes / 2;
        const bool is_right = (k / distance) % 2 == 1;
        result.upper[k] = static_cast<std::uint16_t>(is_right ? 32 + k - distance : k);
        result.lower[k] = static_cast<std::uint16_t>(is_right ? 32 + k : k + distance);
    }
    return result;
}

template <std::size_t distance_bytes>
struct exchange_of {
    alignas(64) static constexpr exchange value = make_exchange(distance_bytes);
};

template <std::size_t distance_bytes>
NODESPAN_AVX512_INLINE void exchange_halves(__m512i& a, __m512i& b) {
    const __m512i upper = a, lower = b;
    if constexpr (distance_bytes == 1) {
        constexpr __mmask64 odd = 0xaaaaaaaaaaaaaaaaULL;
        a = _mm512_mask_blend_epi8(odd, upper, _mm512_slli_epi16(lower, 8));
        b = _mm512_mask_blend_epi8(odd, _mm512_srli_epi16(upper, 8), lower);
    } else {
        const auto& by = exchange_of<distance_bytes>::value;
        a = _mm512_permutex2var_epi16(upper, _mm512_loadu_si512(by.upper.data()), lower);
        b = _mm512_permutex2var_epi16(upper, _mm512_loadu_si512(by.lower.data()), lower);
    }
}

template <std::size_t bytes>
constexpr std::size_t side = 64 / bytes;

template <std::size_t bytes, std::size_t distance>
NODESPAN_AVX512_INLINE void exchange_all(__m512i* rows) {
#pragma GCC unroll 64
    for (std::size_t i = 0; i < side<bytes>; ++i)
        if ((i & distance) == 0) exchange_halves<distance * bytes>(rows[i], rows[i + distance]);
    if constexpr (distance > 1) exchange_all<bytes, distance / 2>(rows);
}

// A square of lines, from memory to registers (or to the stack, where there are too many).
template <std::size_t bytes>
NODESPAN_AVX512_INLINE void load_turned(const std::byte* from, index_t from_row, __m512i* rows) {
#pragma GCC unroll 64
    for (std::size_t i = 0; i < side<bytes>; ++i)
        rows[i] = _mm512_loadu_si512(from + static_cast<index_t>(i) * from_row);
    exchange_all<bytes, side<bytes> / 2>(rows);
}

enum class stores { cached, streamed, carried };

// Some columns of the matrix and some rows, of which whole squares are taken. Where rows of the
// result begin within a line, what does not fill one waits in `carry` for the next square.
template <std::size_t bytes, stores how>
class block {
public:
    NODESPAN_AVX512 void turn(const turned_matrix& m) {
        const index_t rows = m.rows / step * step, columns = m.columns / step * step;
        for (index_t j = 0; j < columns; ++j)
            past_[at(j)] =
                static_cast<index_t>(reinterpret_cast<std::uintptr_t>(m.to + j * m.to_row) % line);
        if (rows > 0) turn_rows<true>(m, 0, columns);
        for (index_t i = step; i < rows; i += step) turn_rows<false>(m, i, columns);
        if (how == stores::carried && rows > 0)
            for (index_t j = 0; j < columns; ++j) flush(m.to + j * m.to_row + rows * element, j);
        copy_rest(m, 0, rows, columns, m.columns);
        copy_rest(m, rows, m.rows, 0, m.columns);
    }

private:
    static constexpr auto element = static_cast<index_t>(bytes);
    static constexpr auto step = static_cast<index_t>(side<bytes>);
    // What is asked for before it is needed: fewer instructions leave more to the processor itself.
    static constexpr index_t lines_ahead = how == stores::carried ? 96 : 48;

    static std::size_t at(index_t j) { return static_cast<std::size_t>(j); }

    template <bool is_first>
    NODESPAN_AVX512 void turn_rows(const turned_matrix& m, index_t i, index_t columns) {
        constexpr index_t ahead = std::max<index_t>(1, lines_ahead / step) * step;
        for (index_t j = 0; j < columns; j += step) {
            const std::byte* const from = m.from + i * m.from_row + j * element;
            if (how != stores::cached) {
                const std::byte* const next =
                    j + ahead < columns ? from + ahead * element
                                        : from + step * m.from_row + (ahead - columns) * element;
                for (index_t k = 0; k < step; ++k)
                    _mm_prefetch(reinterpret_cast<const char*>(next + k * m.from_row), _MM_HINT_T0);
            }
            __m512i rows[side<bytes>];
            load_turned<bytes>(from, m.from_row, rows);
            std::byte* to = m.to + j * m.to_row + i * element;
#pragma GCC unroll 64
            for (std::size_t k = 0; k < side<bytes>; ++k, to += m.to_row)
                store<is_first>(to, rows[k], j + static_cast<index_t>(k));
        }
    }

    template <bool is_first>
    NODESPAN_AVX512_INLINE void store(std::byte* to, __m512i row, index_t j) {
        if constexpr (how == stores::cached) {
            _mm512_storeu_si512(to, row);
        } else if constexpr (how == stores::streamed) {
            _mm512_stream_si512(reinterpret_cast<__m512i*>(to), row);
        } else {
            const index_t past = past_[at(j)];
            const __m512i before = _mm512_load_si512(carry_[at(j)].data());
            _mm512_store_si512(carry_[at(j)].data(), row);
            if constexpr (is_first)
                _mm512_mask_storeu_epi8(to, ~__mmask64{0} >> past, row);
            else
                _mm512_stream_si512(reinterpret_cast<__m512i*>(to - past),
                                    joined<bytes>(before, row, past));
        }
    }

    NODESPAN_AVX512_INLINE void flush(std::byte* to, index_t j) {
        const index_t past = past_[at(j)];
        if (past == 0) return;
        const __m512i rest = _mm512_load_si512(carry_[at(j)].data());
        _mm512_mask_storeu_epi8(to - past, ~__mmask64{0} >> (line - past),
                                joined<bytes>(rest, rest, past));
    }

    static void copy_rest(const turned_matrix& m, index_t rows_begin, index_t rows_end,
                          index_t columns_begin, index_t columns_end) {
        for (index_t i = rows_begin; i < rows_end; ++i)
            for (index_t j = columns_begin; j < columns_end; ++j)
                std::memcpy(m.to + j * m.to_row + i * element,
                            m.from + i * m.from_row + j * element, bytes);
    }

    using line_bytes = std::array<std::byte, static_cast<std::size_t>(line)>;
    alignas(64) std::array<line_bytes, static_cast<std::size_t>(block_columns)> carry_;
    std::array<index_t, static_cast<std::size_t>(block_columns)> past_;
};

template <std::size_t bytes, stores how>
void turn_blocks(const turned_matrix& matrix) {
    block<bytes, how> one;
    turned_matrix part = matrix;
    constexpr auto element = static_cast<index_t>(bytes);
    for (index_t i = 0; i < matrix.rows; i += block_rows<bytes>)
        for (index_t j = 0; j < matrix.columns; j += block_columns) {
            part.rows = std::min(block_rows<bytes>, matrix.rows - i);
            part.columns = std::min(block_columns, matrix.columns - j);
            part.from = matrix.from + i * matrix.from_row + j * element;
            part.to = matrix.to + j * matrix.to_row + i * element;
            one.turn(part);
        }
    if (how != stores::cached) _mm_sfence(); // as after copy_bytes
}

bool is_multiple(const turned_matrix& matrix, index_t of) {
    return reinterpret_cast<std::uintptr_t>(matrix.to) % static_cast<std::uintptr_t>(of) == 0 &&
           matrix.to_row % of == 0;
}

template <std::size_t bytes>
void turn_elements(const turned_matrix& matrix, bool is_large) {
    if (!is_large) return turn_blocks<bytes, stores::cached>(matrix);
    if (is_multiple(matrix, line)) return turn_blocks<bytes, stores::streamed>(matrix);
    turn_blocks<bytes, stores::carried>(matrix);
}

} // namespace

bool can_turn_by_lines(const turned_matrix& matrix, std::size_t element_bytes) noexcept {
    if (element_bytes > 16 || !std::has_single_bit(element_bytes)) return false;
    const auto least = line / static_cast<index_t>(element_bytes); // less is left to single moves
    return matrix.rows >= 2 * least && matrix.columns >= least &&
           (element_bytes == 1 || is_multiple(matrix, 2)) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw");
}

void turn_by_lines(const turned_matrix& matrix, std::size_t element_bytes, bool is_large) noexcept {
    switch (element_bytes) {
    case 1:
        return turn_elements<1>(matrix, is_large);
    case 2:
        return turn_elements<2>(matrix, is_large);
    case 4:
        return turn_elements<4>(matrix, is_large);
    case 8:
        return turn_elements<8>(matrix, is_large);
    default:
        return turn_elements<16>(matrix, is_large);
    }
}

#else

bool can_turn_by_lines(const turned_matrix&, std::size_t) noexcept {
    return false;
}

void turn_by_lines(const turned_matrix&, std::size_t, bool) noexcept {}

#endif

} // namespace nodespan::detail
