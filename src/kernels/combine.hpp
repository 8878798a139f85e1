#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"

#include <cstddef>

namespace nodespan::detail {

/// to[i] = op(to[i], scale * from[i]) for i in [0, count). Steps from element to element are in
/// bytes.
///
/// `scale` points to one element of the kind; null means 1. Both sides are aligned for their type,
/// and do not overlap unless they are the same elements.
///
/// Integers wrap on overflow; accumulate_op says what NaNs and zeros do.
using run_kernel = void (*)(std::byte* to, index_t to_step, const std::byte* from,
                            index_t from_step, index_t count, const void* scale);

/// The kernel for elements that no other thread uses during the call. Null unless supports(kind,
/// op).
run_kernel plain_kernel(element_kind kind, accumulate_op op) noexcept;

/// The kernel that combines each element in one indivisible step, also against `std::atomic_ref`
/// operations of other processes. `to` is aligned to the element's size. The steps are not ordered
/// among each other or against other memory: fences and locks do that. Null for elements of more
/// than 8 bytes, and unless supports(kind, op).
run_kernel atomic_kernel(element_kind kind, accumulate_op op) noexcept;

/// to[i] = scale * from[i]; `to` is dense. `scale` as above. Needs any kind but `other`.
void scale_run(element_kind kind, std::byte* to, const std::byte* from, index_t from_step,
               index_t count, const void* scale) noexcept;

} // namespace nodespan::detail
