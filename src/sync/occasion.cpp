#include "occasion.hpp"

#include <fmt/format.h>

namespace nodespan::detail {

std::string occasion::text() const {
    return describe == nullptr ? operation.text
                               : fmt::format("{} of {}", operation.text, describe(what));
}

std::string list_of_ranks(const std::vector<int>& ascending) {
    std::string text = ascending.size() == 1 ? "rank " : "ranks ";
    for (std::size_t i = 0, last = 0; i < ascending.size(); i = last + 1) {
        for (last = i; last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1;)
            ++last;
        if (i > 0) text += ", ";
        text += std::to_string(ascending[i]);
        if (last > i) text += (last > i + 1 ? "-" : ", ") + std::to_string(ascending[last]);
    }
    return text;
}

} // namespace nodespan::detail
