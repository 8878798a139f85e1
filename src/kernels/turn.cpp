#include "turn.hpp"

#include "turn_lines.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NODESPAN_HAS_X86_TURNS 1
#endif

namespace nodespan::detail {

#ifdef NODESPAN_HAS_X86_TURNS
namespace {

constexpr index_t line = 64;
constexpr index_t run_bytes = 256; // of a row of the result that are gathered before it is written
constexpr index_t buffer_rows = 64;
constexpr index_t pitch = run_bytes + 2 * line; // room for what precedes the run in its first line

// A square of `side` elements, turned over in registers. `to` are the places of its rows.
template <std::size_t bytes>
struct square {
    static constexpr index_t side = 1;
    static void turn(std::byte* const* to, const std::byte* from, index_t) {
        std::memcpy(to[0], from, bytes);
    }
};

template <>
struct square<8> {
    static constexpr index_t side = 2;
    static void turn(std::byte* const* to, const std::byte* from, index_t from_row) {
        const auto load = [](const std::byte* at) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        };
        const __m128i a = load(from), b = load(from + from_row);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to[0]), _mm_unpacklo_epi64(a, b));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to[1]), _mm_unpackhi_epi64(a, b));
    }
};

template <>
struct square<4> {
    static constexpr index_t side = 4;
    static void turn(std::byte* const* to, const std::byte* from, index_t from_row) {
        const auto load = [&](index_t i) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * from_row));
        };
        const auto store = [&](int j, __m128i value) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to[j]), value);
        };
        const __m128i a = load(0), b = load(1), c = load(2), d = load(3);
        const __m128i ab = _mm_unpacklo_epi32(a, b), cd = _mm_unpacklo_epi32(c, d);
        const __m128i ab_high = _mm_unpackhi_epi32(a, b), cd_high = _mm_unpackhi_epi32(c, d);
        store(0, _mm_unpacklo_epi64(ab, cd));
        store(1, _mm_unpackhi_epi64(ab, cd));
        store(2, _mm_unpacklo_epi64(ab_high, cd_high));
        store(3, _mm_unpackhi_epi64(ab_high, cd_high));
    }
};

index_t past_line(const std::byte* at) {
    return static_cast<index_t>(reinterpret_cast<std::uintptr_t>(at) % line);
}

// Whole lines, on both sides.
void write_lines(std::byte* to, const std::byte* from, index_t bytes, bool is_large) {
    if (!is_large) {
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
        return;
    }
    for (index_t at = 0; at < bytes; at += 16)
        _mm_stream_si128(reinterpret_cast<__m128i*>(to + at),
                         _mm_load_si128(reinterpret_cast<const __m128i*>(from + at)));
}

// A strip of the matrix: some columns, which become rows of the result. Row j of the buffer has
// the address of row j of the result modulo a line. What does not fill a line waits at the begin
// of the buffer's row for the elements that follow.
template <std::size_t bytes>
class strip {
public:
    explicit strip(bool is_large) : is_large_(is_large) {}

    void turn(const turned_matrix& m, const std::byte* next) {
        for (index_t j = 0; j < m.columns; ++j) past_[at(j)] = past_line(m.to + j * m.to_row);
        for (index_t i = 0; i < m.rows; i += run) {
            const index_t rows = std::min(run, m.rows - i);
            const std::byte* const from = m.from + i * m.from_row;
            gather(from, i + run < m.rows ? from + run * m.from_row : next, m, rows);
            for (index_t j = 0; j < m.columns; ++j)
                write(m.to + j * m.to_row + i * element, j, i == 0, rows * element,
                      i + run >= m.rows);
        }
    }

private:
    static constexpr auto element = static_cast<index_t>(bytes);
    static constexpr index_t run = run_bytes / element;
    static constexpr index_t group = std::min<index_t>(8, run);

    static std::size_t at(index_t j) { return static_cast<std::size_t>(j); }
    std::byte* row(index_t j) { return buffer_.data() + j * pitch; }
    std::byte* place(index_t j, index_t i) { return row(j) + past_[at(j)] + i * element; }

    // `next` is what will be read next: lines that no prefetcher of the processor foresees.
    void gather(const std::byte* from, const std::byte* next, const turned_matrix& m,
                index_t rows) {
        constexpr index_t side = square<bytes>::side;
        index_t i = 0;
        for (; i + group <= rows; i += group) {
            index_t j = 0;
            for (; j + side <= m.columns; j += side) {
                if (j * element % line == 0)
                    for (index_t k = 0; k < group; ++k)
                        _mm_prefetch(reinterpret_cast<const char*>(next + (i + k) * m.from_row +
                                                                   j * element),
                                     _MM_HINT_T0);
                turn_squares(from, m.from_row, i, j);
            }
            for (; j < m.columns; ++j)
                for (index_t k = i; k < i + group; ++k) copy_one(from, m.from_row, k, j);
        }
        for (; i < rows; ++i)
            for (index_t j = 0; j < m.columns; ++j) copy_one(from, m.from_row, i, j);
    }

    // `group` rows by `side` columns.
    void turn_squares(const std::byte* from, index_t from_row, index_t i, index_t j) {
        constexpr index_t side = square<bytes>::side;
        std::array<std::byte*, static_cast<std::size_t>(side)> rows;
        for (index_t k = 0; k < side; ++k) rows[at(k)] = place(j + k, i);
        for (index_t k = i; k < i + group; k += side) {
            square<bytes>::turn(rows.data(), from + k * from_row + j * element, from_row);
            for (std::byte*& row : rows) row += side * element;
        }
    }

    void copy_one(const std::byte* from, index_t from_row, index_t i, index_t j) {
        std::memcpy(place(j, i), from + i * from_row + j * element, bytes);
    }

    void write(std::byte* to, index_t j, bool is_first, index_t count, bool is_last) {
        const index_t past = past_[at(j)];
        std::byte* const from = row(j);
        to -= past;
        index_t begin = is_first && past > 0 ? line : 0;
        const index_t end = past + count, lines_end = end / line * line;
        if (begin > 0)
            std::memcpy(to + past, from + past,
                        static_cast<std::size_t>(std::min(line, end) - past));
        if (begin < lines_end) write_lines(to + begin, from + begin, lines_end - begin, is_large_);
        if (!is_last)
            std::memcpy(from, from + lines_end, line);
        else if (lines_end >= begin)
            std::memcpy(to + lines_end, from + lines_end,
                        static_cast<std::size_t>(end - lines_end));
    }

    alignas(64) std::array<std::byte, static_cast<std::size_t>(buffer_rows* pitch)> buffer_;
    std::array<index_t, static_cast<std::size_t>(buffer_rows)> past_{};
    bool is_large_;
};

template <std::size_t bytes>
void turn_strips(const turned_matrix& matrix, bool is_large) {
    strip<bytes> one(is_large);
    turned_matrix part = matrix;
    constexpr auto element = static_cast<index_t>(bytes);
    for (index_t j = 0; j < matrix.columns; j += buffer_rows) {
        part.columns = std::min(buffer_rows, matrix.columns - j);
        part.from = matrix.from + j * element;
        part.to = matrix.to + j * matrix.to_row;
        one.turn(part, part.from + part.columns * element);
    }
    if (is_large) _mm_sfence(); // as after copy_bytes
}

} // namespace

bool can_turn_over(const turned_matrix& matrix, std::size_t element_bytes) noexcept {
    constexpr index_t least = 16;
    if (can_turn_by_lines(matrix, element_bytes)) return true;
    return matrix.rows >= least && matrix.columns >= least &&
           (element_bytes == 4 || element_bytes == 8 || element_bytes == 16);
}

void turn_over(const turned_matrix& matrix, std::size_t element_bytes, bool is_large) noexcept {
    if (can_turn_by_lines(matrix, element_bytes))
        return turn_by_lines(matrix, element_bytes, is_large);
    switch (element_bytes) {
    case 4:
        return turn_strips<4>(matrix, is_large);
    case 8:
        return turn_strips<8>(matrix, is_large);
    default:
        return turn_strips<16>(matrix, is_large);
    }
}

#else

bool can_turn_over(const turned_matrix&, std::size_t) noexcept {
    return false;
}

void turn_over(const turned_matrix&, std::size_t, bool) noexcept {}

#endif

} // namespace nodespan::detail
