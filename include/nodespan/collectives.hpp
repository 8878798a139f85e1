#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>

/// Calls in which all ranks of a team combine or share values from their memory. They are fastest
/// if the values lie in arrays of the same team: then the ranks of a node work on each other's
/// memory in place. Values in a rank's own memory go through scratch space in the team's shared
/// memory.

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// One rank's part of a collective call, in bytes.
struct collective_call {
    enum class name_type : unsigned char { all_reduce, reduce, broadcast };

    name_type name = name_type::all_reduce;
    element_kind kind = element_kind::other;
    accumulate_op op = accumulate_op::sum;
    int root = 0;
    std::size_t element_bytes = 0;
    std::size_t count = 0;
    std::byte* values = nullptr;
};

void run_collective(const team& team, const collective_call& mine);

/// Numbers that can be combined: those that arrays can accumulate.
template <class T>
concept combinable = !std::is_const_v<T> && kind_of<T>() != element_kind::other;

/// Contiguous memory that can be written: vectors, spans, arrays, one-dimensional views.
template <class R>
concept writable_range = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

template <class R>
collective_call call_on(collective_call::name_type name, R& values, accumulate_op op, int root) {
    using T = std::ranges::range_value_t<R>;
    return {name,
            kind_of<T>(),
            op,
            root,
            sizeof(T),
            static_cast<std::size_t>(std::ranges::size(values)),
            reinterpret_cast<std::byte*>(std::ranges::data(values))};
}

} // namespace detail

/// Combines all ranks' values, element by element; the result replaces the values on every rank.
/// Shape:  the same number of values of one type on all ranks; numbers, complex ones included.
///         Values of ranks of one node do not overlap.
/// Call:   collective over the team, same `op` on all ranks: sum, prod, min, max, fmin or fmax (the
///         last four not for complex numbers). The values belong to the call until it returns.
/// Epoch:  not a fence. After the call a rank has the result in its own values; other ranks may
///         read it there after a fence.
/// Order:  ranks of a node are combined in rank order, then nodes, always two neighbouring groups
///         of nodes at a time: (0 1), ((0 1) 2), ((0 1) (2 3)) for 2, 3 and 4 nodes; where their
///         number is no power of two, so many of the first ones are paired beforehand that a power
///         of two is left. So in teams of the same shape every run gives the same bits, wherever
///         the values lie, and all ranks of the team get the same bits. accumulate_op says what
///         NaNs, zeros and overflow do: the results of min, max, fmin and fmax depend neither on
///         which rank has which value nor on the number of ranks and nodes. A call without values
///         does nothing.
/// Errors: errc::mismatched_arguments, errc::invalid_argument (an operation that the values do not
///         have, values that overlap), errc::no_capacity (scratch space, at the first call); the
///         same on all ranks, and the values are unchanged. errc::peer_lost and the MPI category
///         end the team.
/// Cost:   one node: up to 1 KiB, and up to 16 KiB (with many ranks less) of the rank's own memory,
///         one meeting. Larger values: two meetings if they lie in arrays; otherwise one, and of n
///         ranks each copies (n-1)/n of its values to shared memory, combines 1/n, and copies
///         (n-1)/n back, up to four chunks of 64 KiB ahead of the others. Over N nodes log2(N)
///         rounds of messages between leaders, with the values up to 16 KiB (with many ranks a node
///         less, with one 64 KiB) in them; for larger ones, per MiB, as many more and nearly as
///         many again. The first calls of a team reserve scratch space, some 300 KiB a rank.
/// Source: MPI 3.1 section 5.9.6 (all-reduce).
template <detail::writable_range R>
requires(detail::combinable<std::ranges::range_value_t<R>>) void all_reduce(
    const team& team, R&& values, accumulate_op op = accumulate_op::sum) {
    detail::run_collective(
        team, detail::call_on(detail::collective_call::name_type::all_reduce, values, op, 0));
}

/// The same of one number, returned: `value` itself stays as it is.
template <detail::combinable T>
[[nodiscard]] T all_reduce(const team& team, T value, accumulate_op op = accumulate_op::sum) {
    nodespan::all_reduce(team, std::span<T>(&value, 1), op);
    return value;
}

/// The same, but only rank `root` gets the result; other ranks' values stay unchanged.
/// Errors: as all_reduce; errc::out_of_range (root).
/// Cost:   as all_reduce, without writing the results on other ranks.
template <detail::writable_range R>
requires(detail::combinable<std::ranges::range_value_t<R>>) void reduce(
    const team& team, R&& values, accumulate_op op = accumulate_op::sum, int root = 0) {
    detail::run_collective(
        team, detail::call_on(detail::collective_call::name_type::reduce, values, op, root));
}

/// Copies the values of rank `root` to those of all other ranks.
/// Shape:  the same number of values of one type on all ranks; any trivially copyable type.
/// Call:   collective over the team, same root on all ranks.
/// Epoch:  as all_reduce.
/// Errors: as reduce.
/// Cost:   one node: as all_reduce; if the root's values lie in an array, one copy by every other
///         rank. Several nodes: as all_reduce up to that size; from there on a binomial tree of
///         leaders as well.
/// Source: MPI 3.1 section 5.4 (broadcast).
template <detail::writable_range R>
void broadcast(const team& team, R&& values, int root = 0) {
    using T = std::ranges::range_value_t<R>;
    static_assert(std::is_trivially_copyable_v<T>,
                  "broadcast: T must be trivially copyable, since other processes see its bytes");
    detail::run_collective(team, detail::call_on(detail::collective_call::name_type::broadcast,
                                                 values, accumulate_op::replace, root));
}

} // namespace nodespan
