#include "place_finder.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace nodespan::detail {
namespace {

template <std::size_t N>
class finder final : public place_finder {
public:
    explicit finder(const array_location& a)
        : cut_(*a.cut),
          ghosts_(a.ghosts),
          nodes_(static_cast<std::size_t>(cut_.placement().nodes())) {
        const index_list grid = cut_.node_grid();
        for (std::size_t d = 0; d < N; ++d) {
            grid_[d] = grid[d];
            nodes_per_index_[d] = static_cast<double>(grid[d]) /
                                  static_cast<double>(std::max<index_t>(cut_.extents()[d], 1));
        }
    }

    void find(const index_t* places, std::size_t count, std::uint32_t* rank, index_t* element,
              std::uint64_t* counts) override {
        for (std::size_t i = 0; i < count; ++i, places += N) {
            const node_part* part = &nodes_[guess(places)];
            if (!part->finds(places, element[i])) {
                part = &look_up(places);
                part->finds(places, element[i]);
            }
            rank[i] = part->rank_of(element[i]);
            ++counts[rank[i]];
        }
    }

private:
    // A node's box in its block.
    struct node_part {
        std::array<index_t, N> lo{}, step{};
        std::array<std::uint64_t, N> extent{}; // 0 as long as it is not known
        index_t first = 0;                     // of the element at `lo`
        std::uint32_t first_rank = 0, last_rank = 0;
        double ranks_per_element = 0;

        bool finds(const index_t* at, index_t& element) const {
            bool is_inside = true;
            index_t result = first;
            for (std::size_t d = 0; d < N; ++d) {
                const auto inside =
                    static_cast<std::uint64_t>(at[d]) - static_cast<std::uint64_t>(lo[d]);
                is_inside &= inside < extent[d];
                result += static_cast<index_t>(inside) * step[d];
            }
            element = result;
            return is_inside;
        }
        std::uint32_t rank_of(index_t element) const {
            const auto beyond =
                static_cast<std::uint32_t>(static_cast<double>(element) * ranks_per_element);
            return std::min(first_rank + beyond, last_rank);
        }
    };

    // The node, if all boxes were equal.
    std::size_t guess(const index_t* at) const {
        index_t node = 0;
        for (std::size_t d = 0; d < N; ++d) {
            const auto place =
                static_cast<index_t>(static_cast<double>(at[d]) * nodes_per_index_[d]);
            node = node * grid_[d] + std::min(place, grid_[d] - 1);
        }
        return static_cast<std::size_t>(node);
    }

    const node_part& look_up(const index_t* places) {
        index_list at(static_cast<int>(N), 0);
        std::copy_n(places, N, &at[0]);
        const int node = cut_.owner_node(at);
        node_part& part = nodes_[static_cast<std::size_t>(node)];
        if (part.extent[0] != 0) return part;
        const box<dynamic_rank> mine = cut_.node_box(node), stored = with_ghosts(mine, ghosts_);
        const index_list strides = row_major_strides(stored.extents());
        for (std::size_t d = 0; d < N; ++d) {
            part.lo[d] = mine.lo[d];
            part.step[d] = strides[d];
            part.extent[d] = static_cast<std::uint64_t>(mine.hi[d] - mine.lo[d]);
            part.first += (mine.lo[d] - stored.lo[d]) * strides[d];
        }
        const placement& ranks = cut_.placement();
        part.first_rank = static_cast<std::uint32_t>(ranks.first_rank(node));
        part.last_rank = static_cast<std::uint32_t>(ranks.first_rank(node + 1) - 1);
        part.ranks_per_element =
            static_cast<double>(ranks.node_size(node)) / static_cast<double>(stored.size());
        return part;
    }

    const distribution& cut_;
    ghost_layers ghosts_;
    std::array<index_t, N> grid_{};
    std::array<double, N> nodes_per_index_{};
    std::vector<node_part> nodes_;
};

// Where blocks are dealt to the nodes: indices become places first, of which nodes hold boxes.
class finder_of_dealt final : public place_finder {
public:
    finder_of_dealt(const array_location& a, std::unique_ptr<place_finder> of_places)
        : indices_(*a.indices),
          of_places_(std::move(of_places)) {}

    void find(const index_t* places, std::size_t count, std::uint32_t* rank, index_t* element,
              std::uint64_t* counts) override {
        const auto dimensions = static_cast<std::size_t>(indices_.dimensions());
        std::vector<index_t> dealt(count * dimensions);
        index_list at(indices_.dimensions(), 0);
        for (std::size_t i = 0; i < count; ++i) {
            std::copy_n(places + i * dimensions, dimensions, &at[0]);
            const index_list place = indices_.place_of(at);
            std::copy_n(place.begin(), dimensions, &dealt[i * dimensions]);
        }
        of_places_->find(dealt.data(), count, rank, element, counts);
    }

private:
    const distribution& indices_;
    std::unique_ptr<place_finder> of_places_;
};

template <std::size_t... M>
std::unique_ptr<place_finder> make(const array_location& a, std::index_sequence<M...>) {
    std::unique_ptr<place_finder> result;
    static_cast<void>(((a.cut->dimensions() == static_cast<int>(M + 1) &&
                        (result = std::make_unique<finder<M + 1>>(a), true)) ||
                       ...));
    return result;
}

} // namespace

std::unique_ptr<place_finder> place_finder::of(const array_location& a) {
    auto result = make(a, std::make_index_sequence<max_dimensions>());
    if (a.indices != nullptr) result = std::make_unique<finder_of_dealt>(a, std::move(result));
    return result;
}

} // namespace nodespan::detail
