#pragma once

#include <string>
#include <vector>

namespace nodespan::info {

enum class verdict { good, slow, wrong, not_tried };

/// One line of `nodespan-info --check`.
struct finding {
    std::string name;
    verdict result = verdict::good;
    double seconds = 0; ///< Of one operation; 0 where nothing was measured.
    std::string text;   ///< What was seen.
    std::string cure;   ///< Empty where none is needed, or known.
};

using findings = std::vector<finding>;

} // namespace nodespan::info
