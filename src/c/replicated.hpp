#pragma once

#include "call.hpp"
#include "nodespan/c/replicated.h"
#include "nodespan/detail/replicated_core.hpp"
#include "nodespan/dtype.hpp"

#include <optional>

struct nodespan_replicated_object
    : nodespan::detail::c_object<nodespan::detail::handle_kind::replicated> {
    std::optional<nodespan::detail::replicated_core> core; // made last
    nodespan::dtype type = nodespan::dtype::float64;
    nodespan::index_list extents{1, 0}; // as the program gives them
};
