#include "shadow.hpp"

#include <algorithm>
#include <bit>

// Where the processor has wider registers than all of its kind, these are used.
#if defined(__x86_64__) && defined(__GLIBC__)
#define NODESPAN_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define NODESPAN_WIDE
#endif

namespace nodespan::detail::race {
namespace {

static_assert(sizeof(cell) == sizeof(std::uint64_t));
using word __attribute__((may_alias)) = std::uint64_t;

NODESPAN_WIDE
std::size_t first_other(const word* words, std::size_t first, std::size_t stop,
                        std::uint64_t like) noexcept {
    for (; first + 16 <= stop; first += 16) {
        std::uint64_t other = 0;
        for (std::size_t i = 0; i < 16; ++i) other |= words[first + i] ^ like;
        if (other != 0) break;
    }
    for (; first + 4 <= stop; first += 4) {
        std::uint64_t other = 0;
        for (std::size_t i = 0; i < 4; ++i) other |= words[first + i] ^ like;
        if (other != 0) break;
    }
    while (first < stop && words[first] == like) ++first;
    return first;
}

NODESPAN_WIDE
void fill_words(word* words, std::size_t first, std::size_t stop, std::uint64_t value) noexcept {
    for (; first + 16 <= stop; first += 16)
        for (std::size_t i = 0; i < 16; ++i) words[first + i] = value;
    for (; first < stop; ++first) words[first] = value;
}

} // namespace

std::size_t first_unlike(const cell* cells, std::size_t first, std::size_t stop,
                         const cell& like) noexcept {
    return first_other(reinterpret_cast<const word*>(cells), first, stop,
                       std::bit_cast<std::uint64_t>(like));
}

void fill(cell* cells, std::size_t first, std::size_t stop, const cell& value) noexcept {
    fill_words(reinterpret_cast<word*>(cells), first, stop, std::bit_cast<std::uint64_t>(value));
}

cell* shadow::split(std::size_t chunk) const noexcept {
    cell& all = chunks_[chunk];
    if (all.write == each_its_own) return cells_;
    const std::size_t begin = chunk * chunk_cells;
    fill(cells_, begin, std::min(begin + chunk_cells, size_), all);
    all = {each_its_own, 0};
    return cells_;
}

void shadow::clear(std::size_t first, std::size_t last) const noexcept {
    std::fill(chunks_ + first, chunks_ + last, cell{});
}

} // namespace nodespan::detail::race
