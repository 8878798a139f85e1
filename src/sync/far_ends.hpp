#pragma once

#include "nodespan/placement.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Who sits on which node and which host that is, in words: for messages of those that wait.
class far_ends {
public:
    /// A host's name, cut to the length that usually tells hosts apart.
    using host = std::array<char, 32>;

    /// `hosts` has one name for each node, and stays where it is; null while they are not known.
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
