#pragma once

#include "wait.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace nodespan::detail {

/// The owner of one end of a queue, and what its waits need to know.
struct queue_user {
    int rank = 0; // for messages
    std::string name = "queue";
    std::function<bool()> is_anyone_lost = [] { return false; }; // whether a wait has to end
};

/// A bounded queue of items of equal size in zeroed memory that several processes share. Many ranks
/// put, many ranks get, first come, first served. It needs no MPI. ticket_queue.cpp explains the
/// protocol.
class ticket_queue {
public:
    /// Bytes of shared memory that the queue needs; it must be zeroed and aligned to 128.
    /// Errors: errc::invalid_argument (capacity below 1, or more than 2^63 bytes).
    static std::size_t bytes(std::int64_t capacity, std::size_t item_bytes,
                             const std::string& name);

    ticket_queue(void* memory, std::int64_t capacity, std::size_t item_bytes, bool oversubscribed,
                 queue_user user);

    ticket_queue(const ticket_queue&) = delete;            // each user has one end
    ticket_queue& operator=(const ticket_queue&) = delete; // each user has one end

    /// Puts an item; returns false if the queue is closed.
    /// Errors: errc::peer_lost.
    bool put(const std::byte* item);
    bool try_put(const std::byte* item);

    /// Gets an item; returns false if the queue is closed and empty.
    /// Errors: errc::peer_lost.
    bool get(std::byte* item);
    bool try_get(std::byte* item);

    /// Errors: errc::invalid_argument if every item that was put has already been marked.
    void task_done();

    /// Waits until every item that was put is marked as done.
    /// Errors: errc::peer_lost.
    void join();

    /// For the race checker: the words through which ranks hear of each other, and the block that
    /// they lie in.
    void tell_words(const std::byte* block) const;

    void close() noexcept;
    bool is_closed() const noexcept;

    /// Tells all ranks that rank `rank` left by an exception: their waits throw errc::peer_lost.
    void abandon(int rank) noexcept;

private:
    using ticket = std::uint64_t;
    using shared_ticket = std::atomic<ticket>;
    static_assert(shared_ticket::is_always_lock_free, "tickets must be plain words");

    static constexpr ticket closed_bit = ticket{1} << 63;

    struct slot {
        shared_word turn;     // see ticket_slot
        shared_word sleepers; // on turn
        std::byte item[56];   // or more
    };
    struct layout {
        alignas(128) shared_ticket puts; // next ticket, and closed_bit
        alignas(128) shared_ticket gets;
        alignas(128) shared_word undone; // items that were put and not marked
        shared_word joiners;             // asleep on undone
        alignas(128) shared_word closed; // on its own line: all ranks that wait read it
        shared_word lost;                // 1 + the rank that left by an exception
        alignas(128) std::byte slots[1];
    };
    enum class receipt { item, given_up, none_left };

    static std::size_t slot_bytes(std::size_t item_bytes);

    // The slot of a ticket, and the values of its `turn` that concern the ticket. They count modulo
    // 2^32, since no ticket waits for so many rounds.
    struct ticket_slot {
        slot& here;
        ticket number;
        std::uint32_t free;

        std::uint32_t writing() const noexcept { return free + 1; }
        std::uint32_t full() const noexcept { return free + 2; }
        std::uint32_t free_for_next() const noexcept { return free + 4; }
        std::uint32_t turn() const noexcept { return here.turn.load(std::memory_order_acquire); }
    };

    ticket_slot slot_of(ticket t) const noexcept;
    bool is_past_end(ticket t) const noexcept;
    bool is_given_up(const ticket_slot& p, std::uint32_t turn) const noexcept;
    bool send(const ticket_slot& p, const std::byte* item) noexcept;
    receipt receive(const ticket_slot& p, std::byte* item);
    void wake_all() noexcept;
    bool is_anyone_lost() const;
    template <class Ready>
    void wait(shared_word& word, shared_word& sleepers, const char* operation, const char* for_what,
              Ready&& ready) const;

    layout* shared_;
    ticket capacity_;
    std::size_t item_bytes_;
    std::size_t slot_bytes_;
    patience patience_;
    queue_user user_;
};

} // namespace nodespan::detail
