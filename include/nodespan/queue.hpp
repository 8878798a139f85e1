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

/// A queue of commands among the ranks of a node: any rank puts, any rank gets, first come, first
/// served. It is bounded: a rank that puts waits while `capacity` items wait.
///
/// T is any trivially copyable type of up to 1 KiB. Put an item that says where the data lie, such
/// as an index into an array, not the data. Move-only; made and ended in the same order on all
/// ranks, like arrays. Waits by spinning, then yielding, then sleeping. A rank that waits longer
/// than NODESPAN_TIMEOUT says so: see docs/watchdog.md.
/// Call:   any rank of the team alone, unless said otherwise.
/// Epoch:  what a rank wrote before put is visible to the rank that gets the item; what a rank
///         wrote before task_done is visible to ranks that join.
/// Errors: errc::peer_lost in a wait, if a rank has left the team, or the scope of this queue, by
///         an exception; the queue cannot be used any more then. errc::finalized.
template <class T>
class queue {
    static_assert(std::is_trivially_copyable_v<T>,
                  "queue<T>: T must be trivially copyable, since other processes see its bytes");
    static_assert(sizeof(T) <= 1024, "queue<T>: T must have up to 1 KiB; put large things into an "
                                     "array, and their indices into the queue");

public:
    using value_type = T;

    /// Makes an empty, open queue with room for `capacity` items.
    /// Shape:  capacity >= 1.
    /// Call:   collective over the team, which has one node; same arguments on all ranks.
    /// Errors: errc::invalid_argument (capacity below 1, a team of several nodes),
    ///         errc::mismatched_arguments, errc::no_capacity, MPI category; on all ranks.
    /// Cost:   as an array of `capacity` times 64 bytes (more if T has more than 56 bytes).
    explicit queue(const team& team, index_t capacity = 1024)
        : core_(std::make_unique<detail::queue_core>(team, capacity, sizeof(T), typeid(T).name())) {
    }

    index_t capacity() const { return core_->capacity(); }

    /// Puts an item at the end. Waits for room; ranks that wait are served in the order in which
    /// they called. Returns false if the queue is closed, or is closed before there is room.
    /// Errors: errc::peer_lost.
    /// Cost:   three atomic instructions, no MPI call. A system call if a rank sleeps that wants to
    ///         get.
    bool put(const T& item) { return core_->put(bytes(item)); }

    /// The same without waiting: returns false also if there is no room.
    bool try_put(const T& item) { return core_->try_put(bytes(item)); }

    /// Takes the first item. Waits for one; ranks that wait are served in the order in which they
    /// called. Returns nothing if the queue is closed and empty.
    /// Errors: errc::peer_lost, if there is nothing to get.
    /// Cost:   an atomic instruction. A system call if a rank that puts sleeps.
    std::optional<T> get() {
        memory item;
        return taken(core_->get(item.data()), item);
    }

    /// The same without waiting: returns nothing also if there is no item, or if others already
    /// wait for it.
    std::optional<T> try_get() {
        memory item;
        return taken(core_->try_get(item.data()), item);
    }

    /// Marks one item as done. Call it once for each item that was got, on any rank.
    /// Errors: errc::invalid_argument, if all items that were put are already marked.
    void task_done() { core_->task_done(); }

    /// Waits until every item that was put is marked as done, including items put in the meantime.
    /// Errors: errc::peer_lost.
    void join() { core_->join(); }

    /// Accepts no more items. Items in the queue can still be got. After them, get returns nothing,
    /// also on ranks that wait in it; put returns false, also on ranks that wait for room.
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
