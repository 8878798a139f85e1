#include "agreement.hpp"
#include "array_state.hpp"
#include "race_hooks.hpp"
#include "single_element.hpp"
#include "team_core.hpp"
#include "thread_rule.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace nodespan::detail {
namespace {

// Runs what may fail inside MPI, whose words alone do not tell what was asked for.
template <class Describe, class Body>
decltype(auto) naming(Describe&& describe, Body&& body) {
    try {
        return body();
    } catch (const error& failure) {
        throw named(describe(), failure);
    }
}

// Tells the race checker of every step-th element from `lo` on.
void touch_steps(const array_location& where, const index_list& lo, const index_list& step,
                 const index_list& extents, race::op what, const void* called_from) {
    if constexpr (race::is_checked) {
        index_t count = 1;
        for (const index_t extent : extents) count *= extent;
        for (index_t i = 0; i < count; ++i) {
            index_list at = lo;
            index_t left = i;
            for (std::size_t d = extents.size(); d-- > 0; left /= extents[d])
                at[d] += left % extents[d] * step[d];
            race::touches(where, at.begin(), 1, what, called_from);
        }
    }
}

} // namespace

// Inside a node transfers are copies, which any number of threads can make.
thread_rule* array_core::rule_for_transfers() const noexcept {
    return is_one_node_ ? nullptr : &access::core(team_)->threads();
}

void array_core::get(const box<dynamic_rank>& patch, const patch_memory& to) const {
    const thread_rule::call mine(rule_for_transfers(), "get");
    const index_list strides = check_patch("get", patch, to);
    race::touches(state_->location, patch, race::op::get, __builtin_return_address(0));
    race::touches(to.data, patch.extents(), strides, type_.bytes, race::op::copy_to,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("get", patch); },
           [&] { detail::get(state_->location, patch, to.data, strides); });
}

void array_core::put(const box<dynamic_rank>& patch, const patch_memory& from) {
    const thread_rule::call mine(rule_for_transfers(), "put");
    const index_list strides = check_patch("put", patch, from);
    race::touches(state_->location, patch, race::op::put, __builtin_return_address(0));
    race::touches(from.data, patch.extents(), strides, type_.bytes, race::op::copy_from,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("put", patch); },
           [&] { detail::put(state_->location, patch, from.data, strides); });
}

void array_core::get(const box<dynamic_rank>& patch, const index_list& step,
                     const patch_memory& to) const {
    const thread_rule::call mine(rule_for_transfers(), "get");
    const index_list extents = check_step("get", patch, step);
    const index_list strides = check_patch("get", patch, extents, to);
    touch_steps(state_->location, patch.lo, step, extents, race::op::get,
                __builtin_return_address(0));
    race::touches(to.data, extents, strides, type_.bytes, race::op::copy_to,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("get", patch); },
           [&] {
               detail::get(state_->location, {patch.lo, step}, extents, to.data, strides);
           });
}

void array_core::put(const box<dynamic_rank>& patch, const index_list& step,
                     const patch_memory& from) {
    const thread_rule::call mine(rule_for_transfers(), "put");
    const index_list extents = check_step("put", patch, step);
    const index_list strides = check_patch("put", patch, extents, from);
    touch_steps(state_->location, patch.lo, step, extents, race::op::put,
                __builtin_return_address(0));
    race::touches(from.data, extents, strides, type_.bytes, race::op::copy_from,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("put", patch); },
           [&] {
               detail::put(state_->location, {patch.lo, step}, extents, from.data, strides);
           });
}

void array_core::accumulate(const box<dynamic_rank>& patch, const patch_memory& from,
                            accumulate_op op, const void* scale) {
    const thread_rule::call mine(rule_for_transfers(), "accumulate");
    const index_list strides = check_patch("accumulate", patch, from);
    if (!supports(type_.kind, op))
        throw error(errc::invalid_argument,
                    fmt::format("{}::accumulate({}): these elements have no such operation {}",
                                name_, to_string(op), where()));
    race::touches(state_->location, patch, race::op::accumulate, __builtin_return_address(0));
    race::touches(from.data, patch.extents(), strides, type_.bytes, race::op::copy_from,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("accumulate", patch); },
           [&] { detail::accumulate(state_->location, patch, op, from.data, strides, scale); });
}

request array_core::get_async(const box<dynamic_rank>& patch, const patch_memory& to) const {
    const thread_rule::call mine(rule_for_transfers(), "get_async");
    const index_list strides = check_patch("get_async", patch, to);
    race::touches(state_->location, patch, race::op::get_async, __builtin_return_address(0));
    race::touches(to.data, patch.extents(), strides, type_.bytes, race::op::copy_to,
                  __builtin_return_address(0));
    const race::inside own_copies;
    request result = access::start<request>(access::core(team_), "get_async");
    naming([&] { return call_on("get_async", patch); },
           [&] { start_get(state_->location, patch, to.data, strides, access::open(result)); });
    return result;
}

request array_core::put_async(const box<dynamic_rank>& patch, const patch_memory& from) {
    const thread_rule::call mine(rule_for_transfers(), "put_async");
    const index_list strides = check_patch("put_async", patch, from);
    race::touches(state_->location, patch, race::op::put_async, __builtin_return_address(0));
    race::touches(from.data, patch.extents(), strides, type_.bytes, race::op::copy_from,
                  __builtin_return_address(0));
    const race::inside own_copies;
    request result = access::start<request>(access::core(team_), "put_async");
    naming([&] { return call_on("put_async", patch); },
           [&] { start_put(state_->location, patch, from.data, strides, access::open(result)); });
    return result;
}

void array_core::get_element(const index_list& at, void* to) const {
    const thread_rule::call mine(rule_for_transfers(), "get");
    require_index("get", at);
    race::touches(state_->location, at.begin(), 1, race::op::get, __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("get", at); },
           [&] { detail::get_element(state_->location, at, to); });
}

void array_core::put_element(const index_list& at, const void* from) {
    const thread_rule::call mine(rule_for_transfers(), "put");
    require_index("put", at);
    race::touches(state_->location, at.begin(), 1, race::op::put, __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("put", at); },
           [&] { detail::put_element(state_->location, at, from); });
}

void array_core::fetch_add(const index_list& at, const void* value, void* before) {
    const thread_rule::call mine(rule_for_transfers(), "fetch_add");
    require_index("fetch_add", at);
    race::touches(state_->location, at.begin(), 1, race::op::fetch_add,
                  __builtin_return_address(0));
    const race::inside own_copies;
    naming([&] { return call_on("fetch_add", at); },
           [&] { detail::fetch_add(state_->location, at, value, before); });
}

bool array_core::compare_exchange(const index_list& at, void* expected, const void* desired) {
    const thread_rule::call mine(rule_for_transfers(), "compare_exchange");
    require_index("compare_exchange", at);
    race::touches(state_->location, at.begin(), 1, race::op::compare_exchange,
                  __builtin_return_address(0));
    const race::inside own_copies;
    if (type_.bytes != 1 && type_.bytes != 2 && type_.bytes != 4 && type_.bytes != 8)
        throw error(errc::invalid_argument,
                    fmt::format("{}: elements of {} bytes, and between nodes MPI exchanges 1, 2, 4 "
                                "or 8; lock the array's mutex of that node instead {}",
                                call_on("compare_exchange", at), type_.bytes, where()));
    return naming(
        [&] { return call_on("compare_exchange", at); },
        [&] { return detail::compare_exchange(state_->location, at, expected, desired); });
}

// The call in which atomics are made stays inline and uncounted where no report is wanted.
void array_core::claim_and_count() {
    if (!state_->has_claimed) detail::claim_atomics(state_->location); // twice does no harm
    state_->has_claimed = true;
    if (state_->location.usage != nullptr)
        state_->location.usage->add(usage_kind::atomic, type_.bytes, 0);
    else
        is_claimed_.store(true, std::memory_order_release); // after the node has been told
}

void array_core::gather(const index_t* places, std::size_t count, std::byte* to,
                        std::size_t room) const {
    const thread_rule::call mine(rule_for_transfers(), "gather");
    require_list("gather", places, count, room);
    race::touches(state_->location, places, count, race::op::gather, __builtin_return_address(0));
    const race::inside own_copies;
    detail::gather(state_->location, places, static_cast<index_t>(count), to);
}

void array_core::scatter(const index_t* places, std::size_t count, const std::byte* from,
                         std::size_t room) {
    const thread_rule::call mine(rule_for_transfers(), "scatter");
    require_list("scatter", places, count, room);
    race::touches(state_->location, places, count, race::op::scatter, __builtin_return_address(0));
    const race::inside own_copies;
    detail::scatter(state_->location, places, static_cast<index_t>(count), from);
}

void array_core::scatter_add(const index_t* places, std::size_t count, const std::byte* from,
                             std::size_t room) {
    const thread_rule::call mine(rule_for_transfers(), "scatter_add");
    require_list("scatter_add", places, count, room);
    race::touches(state_->location, places, count, race::op::scatter_add,
                  __builtin_return_address(0));
    const race::inside own_copies;
    detail::scatter_add(state_->location, places, static_cast<index_t>(count), from);
}

// No access is told to the race checker: a fence before and one after order them all.
void array_core::gather_all(const index_t* places, std::size_t count, std::byte* to,
                            std::size_t room) const {
    const thread_rule::call mine(&access::core(team_)->threads(), "gather_all");
    detail::gather_all(state_->location, places, static_cast<index_t>(count), to,
                       attempt([&] { require_list("gather_all", places, count, room); }),
                       waiting_in("gather_all"));
}

void array_core::scatter_all(const index_t* places, std::size_t count, const std::byte* from,
                             std::size_t room) {
    const thread_rule::call mine(&access::core(team_)->threads(), "scatter_all");
    detail::scatter_all(state_->location, places, static_cast<index_t>(count), from,
                        attempt([&] { require_list("scatter_all", places, count, room); }),
                        waiting_in("scatter_all"));
}

void array_core::scatter_add_all(const index_t* places, std::size_t count, const std::byte* from,
                                 std::size_t room) {
    const thread_rule::call mine(&access::core(team_)->threads(), "scatter_add_all");
    detail::scatter_add_all(state_->location, places, static_cast<index_t>(count), from,
                            attempt([&] { require_list("scatter_add_all", places, count, room); }),
                            waiting_in("scatter_add_all"));
}

} // namespace nodespan::detail
