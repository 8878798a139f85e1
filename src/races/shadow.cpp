#include "shadow.hpp"

#include <algorithm>

namespace nodespan::detail::race {

cell* shadow::split(std::size_t chunk) const noexcept {
    cell& all = chunks_[chunk];
    if (all.write == each_its_own) return cells_;
    const std::size_t begin = chunk * chunk_cells;
    std::fill(cells_ + begin, cells_ + std::min(begin + chunk_cells, size_), all);
    all = {each_its_own, 0};
    return cells_;
}

void shadow::clear(std::size_t first, std::size_t last) const noexcept {
    std::fill(chunks_ + first, chunks_ + last, cell{});
}

} // namespace nodespan::detail::race
