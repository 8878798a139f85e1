#include "layout.hpp"

#include <charconv>
#include <cmath>

namespace nodespan::heat {
namespace {

// Both numbers of "2x3"; empty where the text is no such thing.
std::vector<int> grid_of(const std::string& text) {
    const char* const end = text.data() + text.size();
    int down = 0, along = 0;
    const auto first = std::from_chars(text.data(), end, down);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x' || down < 1) return {};
    const auto second = std::from_chars(first.ptr + 1, end, along);
    if (second.ec != std::errc() || second.ptr != end || along < 1) return {};
    return {down, along};
}

} // namespace

std::string complaint_about(const std::string& layout) {
    if (layout == "rows" || layout == "blocks" || !grid_of(layout).empty()) return {};
    return layout + " is none of rows, blocks, and grids of nodes such as 2x3";
}

distribution_options options_of(const std::string& layout, int nodes) {
    if (layout == "rows") return {};
    if (layout != "blocks") return {.node_grid = grid_of(layout)};
    int along = static_cast<int>(std::sqrt(nodes));
    while (nodes % along != 0) --along;
    return {.node_grid = {nodes / along, along}};
}

index_t nodes_of(const std::string& layout) {
    const std::vector<int> grid = grid_of(layout);
    return grid.empty() ? 0 : index_t{grid[0]} * grid[1];
}

} // namespace nodespan::heat
