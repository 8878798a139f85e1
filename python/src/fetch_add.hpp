#pragma once

#include "dtypes.hpp"

#include "nodespan/detail/array_core.hpp"

namespace nodespan::python {

/// array::fetch_add, with the type known at run time only. Errors: TypeError for elements without.
void fetch_add(detail::array_core& core, const element& type, const index_list& at,
               const void* value, void* before);

} // namespace nodespan::python
