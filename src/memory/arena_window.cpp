#include "arena_window.hpp"

#include "pages.hpp"
#include <algorithm>
#include <cstring>

namespace nodespan::detail {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// Windows whose pages are backed one by one cost only address space.
constexpr std::size_t first_window = 64 * mebibyte; // later ones double what there is
constexpr std::size_t largest_growth = 4096 * mebibyte;

// Windows that are backed as a whole cost memory; at most a fifth of it is unused.
constexpr std::size_t first_whole_window = 4 * mebibyte; // later ones add a quarter
constexpr std::size_t largest_whole_growth = 1024 * mebibyte;
constexpr std::uint64_t kept_for_others = 8; // of free memory, at most that part is backed ahead

// Ranks take turns in backing pages that nobody has asked for yet, so that the pages come from the
// memory near all of them.
constexpr std::size_t turn_bytes = 256 * 1024;

} // namespace

std::size_t round_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

byte_range to_pages(byte_range range) {
    return {range.begin / page_bytes() * page_bytes(), round_up(range.end, page_bytes())};
}

std::size_t window_bytes(std::size_t needed, std::size_t total, std::uint64_t most, bool is_whole) {
    std::uint64_t wanted = is_whole
                               ? std::clamp(total / 4, first_whole_window, largest_whole_growth)
                               : std::clamp(total, first_window, largest_growth);
    wanted = std::min(wanted, is_whole ? most / kept_for_others : most);
    return round_up(std::max<std::size_t>(wanted / page_bytes() * page_bytes(), needed),
                    page_bytes());
}

std::size_t stagger(std::size_t number) {
    return number % 8 * 17 * page_bytes();
}

int arena_window::back(byte_range range) const noexcept {
    int failure = 0;
    backed.for_each_gap(to_pages(range), [&](byte_range gap) {
        if (failure == 0) failure = back_pages(memory.data() + gap.begin, memory.data() + gap.end);
    });
    return failure;
}

int arena_window::back_the_rest(byte_range first_block, int node_rank,
                                int node_size) const noexcept {
    int failure = 0;
    const auto back_part = [&](byte_range part) {
        if (failure == 0 && part.bytes() > 0) failure = back(part);
    };
    const byte_range taken = to_pages(first_block);
    const auto step = turn_bytes * static_cast<std::size_t>(node_size);
    for (std::size_t at = turn_bytes * static_cast<std::size_t>(node_rank); at < memory.bytes();
         at += step) {
        const std::size_t end = std::min(at + turn_bytes, memory.bytes());
        back_part({at, std::min(end, taken.begin)});
        back_part({std::max(at, taken.end), end});
    }
    return failure;
}

void arena_window::clear(byte_range range) const noexcept {
    dirty.for_each_in(
        range, [&](byte_range part) { std::memset(memory.data() + part.begin, 0, part.bytes()); });
}

void arena_window::free() noexcept {
    if (rma) rma->free();
    memory.free();
}

} // namespace nodespan::detail
