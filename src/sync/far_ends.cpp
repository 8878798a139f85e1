#include "far_ends.hpp"

#include "host_name.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace nodespan::detail {

far_ends::host far_ends::own_host() {
    host result{};
    const std::string name = host_name();
    std::memcpy(result.data(), name.data(), std::min(name.size(), result.size() - 1));
    return result;
}

std::string far_ends::text(int node) const {
    std::vector<int> members(static_cast<std::size_t>(ranks_->node_size(node)));
    std::iota(members.begin(), members.end(), ranks_->first_rank(node));
    std::string text = fmt::format("node {}", node);
    if (hosts_ != nullptr) text += fmt::format(" on host {}", hosts_[node].data());
    return fmt::format("{}, {}", text, list_of_ranks(members));
}

// Names only the first few: a list of many fills a screen and says no more.
std::string far_ends::text(const std::vector<int>& nodes) const {
    constexpr std::size_t most = 3;
    std::string result;
    for (std::size_t i = 0; i < std::min(nodes.size(), most); ++i)
        result += (i == 0 ? "" : "; ") + text(nodes[i]);
    if (nodes.size() > most) result += fmt::format("; and {} other nodes", nodes.size() - most);
    return result;
}

} // namespace nodespan::detail
