#pragma once

#include "nodespan/placement.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Describes in words which ranks are on a node and which host it is, for messages of ranks that
/// wait.
class far_ends {
public:
    /// A host's name, cut to a length that usually tells hosts apart.
    using host = std::array<char, 32>;

    /// `hosts` has one name for each node and stays valid; null while the names are not known.
    far_ends(const placement& ranks, const host* hosts) : ranks_(&ranks), hosts_(hosts) {}

    static host own_host();

    /// Such as "node 1 on host b, ranks 2, 3".
    std::string text(int node) const;
    std::string text(const std::vector<int>& nodes) const;

private:
    const placement* ranks_;
    const host* hosts_;
};

} // namespace nodespan::detail
