#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/c/op.h"

#include <optional>

namespace nodespan::detail {

/// The operation of this number, if there is one.
constexpr std::optional<accumulate_op> op_of(nodespan_op op) noexcept {
    switch (op) {
    case NODESPAN_SUM:
        return accumulate_op::sum;
    case NODESPAN_MIN:
        return accumulate_op::min;
    case NODESPAN_MAX:
        return accumulate_op::max;
    case NODESPAN_PROD:
        return accumulate_op::prod;
    case NODESPAN_REPLACE:
        return accumulate_op::replace;
    case NODESPAN_FMIN:
        return accumulate_op::fmin;
    case NODESPAN_FMAX:
        return accumulate_op::fmax;
    }
    return std::nullopt;
}

} // namespace nodespan::detail
