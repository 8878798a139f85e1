#pragma once

#include "nodespan/detail/owned.hpp"
#include "nodespan/detail/queue_core.hpp"
#include "nodespan/team.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <typeinfo>

namespace nodespan {

namespace detail {
template <>
inline constexpr const char* noun_of<queue_core> = "queue";
} // namespace detail

/// A queue of commands among the ranks of a node: any of them put, any of them get, first come,
/// first served. Bounded: who puts more than `capacity` ahead waits for room.
///
/// T is any trivially copyable type of up to 1 KiB: put where the data lie, such as an index into
/// an array, not the data. Move-only; made and ended in the same order on all ranks, like arrays.
/// Waits by spinning, then yielding, then sleeping. Who waits longer than NODESPAN_TIMEOUT says so:
/// see docs/watchdog.md.
/// Call:   any rank of the team alone, unless said otherwise.
/// Epoch:  what a rank wrote before put is visible to the one that gets the item; what it wrote
///         before task_done, to those that join.
/// Errors: errc::peer_lost out of a wait, when a rank has left the team, or this queue's scope, by
///         an exception; nothing is to be expected of the queue then. errc::finalized.
template <class T>
class queue {
    static_assert(std::is_trivially_copyable_v<T>,
                  "queue<T>: T must be trivially copyable, since other processes see its bytes");
    static_assert(sizeof(T) <= 1024, "queue<T>: T must have up to 1 KiB; put large things into an "
                                     "array, and their indices into the queue");

public:
    using value_type = T;

    /// An empty, open queue with room for `capacity` items.
    /// Shape:  capacity >= 1.
    /// Call:   collective over the team, which is of one node; same arguments on all ranks.
    /// Errors: errc::invalid_argument (capacity below 1, a team of several nodes),
    ///         errc::mismatched_arguments, errc::no_capacity, MPI category; on all ranks.
    /// Cost:   as an array of `capacity` times 64 bytes (more where T has more than 56).
    explicit queue(const team& team, index_t capacity = 1024)
        : core_(std::make_unique<detail::queue_core>(team, capacity, sizeof(T), typeid(T).name())) {
    }

    index_t capacity() const { return core_->capacity(); }

    /// Puts an item at the end; waits for room, in the order of coming. Whether it did: not if the
    /// queue is closed, or gets closed before there is room.
    /// Errors: errc::peer_lost.
    /// Cost:   three atomic instructions, no MPI call. A system call if a getter sleeps.
    bool put(const T& item) { return core_->put(bytes(item)); }

    /// The same without waiting: false also if there is no room.
    bool try_put(const T& item) { return core_->try_put(bytes(item)); }

    /// Takes the first item; waits for one, in the order of coming. Nothing if the queue is closed
    /// and empty.
    /// Errors: errc::peer_lost, when there is nothing to get.
    /// Cost:   an atomic instruction. A system call if a rank that puts sleeps.
    std::optional<T> get() {
        memory item;
        return taken(core_->get(item.data()), item);
    }

    /// The same without waiting: nothing also if there is none, or others wait for it already.
    std::optional<T> try_get() {
        memory item;
        return taken(core_->try_get(item.data()), item);
    }

    /// Marks one item that was got as done: once for each, whoever does it.
    /// Errors: errc::invalid_argument, if all items that were put are marked.
    void task_done() { core_->task_done(); }

    /// Waits until each item that was put is marked as done, also one put meanwhile.
    /// Errors: errc::peer_lost.
    void join() { core_->join(); }

    /// Lets nothing in any more. Items in it can be got; then, and at once where there are none,
    /// all who wait to get are told that it ends, and all who wait for room that they came late.
    /// Cost:   a look at each place of the queue.
    void close() { core_->close(); }
    bool is_closed() const { return core_->is_closed(); }

private:
    using memory = std::array<std::byte, sizeof(T)>;

    static const std::byte* bytes(const T& item) {
        return reinterpret_cast<const std::byte*>(&item);
    }
    static std::optional<T> taken(bool is_there, const memory& item) {
        if (!is_there) return std::nullopt;
        return std::bit_cast<T>(item);
    }

    detail::owned<detail::queue_core> core_;
};

} // namespace nodespan
