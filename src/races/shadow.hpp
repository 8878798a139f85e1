#pragma once

#include "ledger.hpp"

#include <cstddef>

namespace nodespan::detail::race {

/// What the shadow says of an element: who wrote it last, and who has read it, or changed it
/// atomically, since.
struct cell {
    record_id write = 0, read = 0;
    bool operator==(const cell&) const = default;
};

/// The cells of the elements of an array, in memory that begins as zeros. Of a chunk whose elements
/// all went through the same only one is kept: programs that pass over whole arrays move few bytes
/// for it.
class shadow {
public:
    static constexpr std::size_t chunk_cells = 512;
    static std::size_t chunks_of(std::size_t elements) {
        return (elements + chunk_cells - 1) / chunk_cells;
    }

    shadow() = default;
    shadow(cell* chunks, cell* cells, std::size_t size)
        : chunks_(chunks),
          cells_(cells),
          size_(size) {}

    std::size_t size() const noexcept { return size_; }
    cell operator[](std::size_t i) const noexcept {
        const cell& all = chunks_[i / chunk_cells];
        return all.write == each_its_own ? cells_[i] : all;
    }

    /// The cell of all elements of a chunk; null if each has its own.
    cell* alike(std::size_t chunk) const noexcept {
        return chunks_[chunk].write == each_its_own ? nullptr : chunks_ + chunk;
    }
    void make_alike(std::size_t chunk, cell all) const noexcept { chunks_[chunk] = all; }

    /// The cells of a chunk, each its own from now on: the address is that of element 0's.
    /// Call:   under the lock of the chunk, as all that changes cells.
    cell* split(std::size_t chunk) const noexcept;

    /// Makes all cells empty whose chunks are in [first, last).
    void clear(std::size_t first, std::size_t last) const noexcept;

private:
    static constexpr record_id each_its_own = ~record_id{0};
    cell* chunks_ = nullptr;
    cell* cells_ = nullptr;
    std::size_t size_ = 0;
};

/// The first of the cells [first, stop) that is not like this one; stop if all are.
std::size_t first_unlike(const cell* cells, std::size_t first, std::size_t stop,
                         const cell& like) noexcept;
void fill(cell* cells, std::size_t first, std::size_t stop, const cell& value) noexcept;

} // namespace nodespan::detail::race
