#pragma once

#include "transfer.hpp"

namespace nodespan::detail {

/// One element.
void get_element(const array_location& a, const index_list& at, void* to);
void put_element(const array_location& a, const index_list& at, const void* from);

/// Atomics on one element of any node, by MPI. For teams of several nodes.
void fetch_add(const array_location& a, const index_list& at, const void* value, void* before);
bool compare_exchange(const array_location& a, const index_list& at, void* expected,
                      const void* desired);

/// For arrays of one node: from now on accumulate uses single atomic instructions too. Waits for
/// accumulates under way.
void claim_atomics(const array_location& a);

} // namespace nodespan::detail
